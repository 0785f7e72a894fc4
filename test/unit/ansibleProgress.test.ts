import { beforeEach, expect, it } from "vitest";
import { AnsibleProgress } from "../../programs/ansibleProgress";

let time: number;
let progress: AnsibleProgress;
beforeEach(() => {
  time = 0;
  progress = new AnsibleProgress("web.yml", () => time);
});
/** What is shown for these lines, one second each. */
const show = (...lines: string[]) =>
  lines.flatMap((line) => {
    time += 1000;
    return progress.line(line);
  });

it("shows what changes on which machine, once for each task, and nothing that is as it was", () => {
  expect(
    show(
      "PLAY [Web nodes] ***************",
      "TASK [web : Write it] **********",
      "ok: [web1]",
      "changed: [web2] => (item=a)",
      "changed: [web2] => (item=b)",
      "changed: [web3 -> localhost] => (item=b)",
      "RUNNING HANDLER [web : Restart it] ***",
      "changed: [web2]",
    ),
  ).toEqual([
    "   4.0 s  web2: web : Write it",
    "   6.0 s  web3: web : Write it",
    "   8.0 s  web2: web : Restart it",
  ]);
});

it("sums up the machines", () => {
  show(
    "web1 : ok=10   changed=2    unreachable=0    failed=0",
    "web2 : ok=11   changed=0    unreachable=0    failed=0",
  );
  expect(progress.summary()).toBe("   2.0 s  web.yml: machines=2 ok=21 changed=2");
});

it("says of a failure where it was, and the command's own words; not more than a person reads", () => {
  const failure = { msg: "non-zero return code", stderr: "No space\nleft", stdout: "" };
  const shown = show(
    "TASK [web : Write it] **********",
    `fatal: [web1]: FAILED! => ${JSON.stringify(failure)}`,
    `failed: [web2] (item=x) => ${JSON.stringify({ stderr: "line\n".repeat(50) })}`,
  );
  expect(shown).toEqual(["   2.0 s  web1: FAILED web : Write it", expect.any(String)]);
  const [headline, ...rest] = progress.failure();
  expect(headline).toBe("web.yml failed:");
  expect(rest.slice(0, 4)).toEqual([
    "  web1: web : Write it",
    "  non-zero return code",
    "  No space",
    "  left",
  ]);
  expect(rest).toHaveLength(12);
});

it("keeps what Ansible itself fails with", () => {
  show("ERROR! the playbook: web.yml could not be found", "[ERROR]: no such role");
  expect(progress.failure().slice(1)).toEqual([
    "  ERROR! the playbook: web.yml could not be found",
    "  [ERROR]: no such role",
  ]);
});
