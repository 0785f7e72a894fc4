import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { questions } from "../../site/health";
import { diagnose } from "../../site/status/diagnose";
import { captured, changed, mends, outputs, see, ssh, words } from "../support/seenSite";

describe("diagnose, of Slurm", () => {
  it("knows that Slurm is down without a controller, and quotes why one is not fit", () => {
    const stopped = captured("controllers");
    const findings = diagnose(see(stopped));
    expect(words(findings)).toEqual([
      "down: No machine holds the slurm VIP 198.18.3.100; slurm-m1, slurm-m2 could.",
      "reduced: On slurm-m1 slurm-watch is not running.",
      "reduced: On slurm-m2 slurm-watch is not running.",
    ]);
    expect(mends(findings)[1]).toBe(`${ssh} root@198.18.3.10 'systemctl restart slurm-watch'`);
    const because = (reason: string) => {
      const text = stopped["slurm-m1"]?.replace("==> unfit", `==> unfit\nslurm-ha: ${reason}`);
      const found = diagnose(see({ ...stopped, "slurm-m1": text ?? null }))[1];
      expect(found?.what).toContain(`slurm-ha said last: ${reason}.`);
      return found?.mend;
    };
    expect(because("/mnt/slurm is not mounted")).toContain("systemctl reboot");
    expect(
      because(
        "the hypervisor of slurm-m2 did not status it (no answer); once it is off for certain: slurm-ha fenced slurm-m2",
      ),
    ).toBe(`${ssh} root@198.18.3.10 'slurm-ha fenced slurm-m2'`);
    // Only a person can tell which state is the true one.
    expect(because("/mnt/slurm is stale: it is at epoch 3, this controller has seen 5")).toBe(
      undefined,
    );
    expect(because("slurmctld does not answer: killed it")).toContain("restart slurm-watch");
  });

  it("knows a holder of the Slurm VIP whose slurmctld does not answer", () => {
    const findings = diagnose(
      see(changed("slurm-m1", /^Slurmctld.*UP$/m, "Slurmctld(primary) is DOWN")),
    );
    expect(words(findings)).toEqual([
      expect.stringMatching(/^down: slurm-m1 holds the Slurm VIP, but/),
    ]);
  });

  it("names compute nodes that Slurm gave up, not those that an administrator drained", () => {
    const node = (text: string) =>
      words(diagnose(see(changed("slurm-m1", "compute2 mixed Unknown none", `compute2 ${text}`))));
    expect(node("drained root disk replaced")).toEqual([]);
    expect(node("drained slurm Kill task failed")).toEqual([
      "reduced: Slurm gives compute2 no jobs: it is drained (Kill task failed).",
    ]);
    expect(node("down* slurm Not responding")).toHaveLength(1);
    // A reconfiguration forgets that it was Slurm.
    expect(node("down* root Not responding")).toHaveLength(1);
    expect(node("idle* Unknown none")).toHaveLength(1);
  });

  it("names nodes that a change or a restart has drained and not given back, with the command that does", () => {
    const answers = changed(
      "slurm-m1",
      "compute2 mixed Unknown none",
      "compute2 draining root hpc-ha",
    );
    const [found, ...others] = diagnose(see(answers));
    expect(others).toEqual([]);
    expect(found?.what).toMatch(/^A change or a restart has drained .*has not ended: compute2\. /);
    expect(found?.mend).toMatch(/scontrol update nodename=compute2 state=resume/);
  });

  it.each(["down root fan broken", "down* alice moves to rack 4", "drained* root fan broken"])(
    "does not propose to resume what a person took down: %s",
    (text) => {
      const answers = changed("slurm-m1", "compute2 mixed Unknown none", `compute2 ${text}`);
      expect(diagnose(see(answers))).toEqual([]);
    },
  );

  it("names machines of the owner's that have not reported, and those that have in their own words", () => {
    const nodes = [
      "gpu01 unknown* Unknown none",
      "gpu02 down* slurm Not responding",
      "gpu03 idle Unknown none",
    ];
    const more = nodes.map((node) => `node ${node}\n`).join("");
    const answers = changed("slurm-m1", /(?=node compute1 )/, more);
    expect(words(diagnose(see(answers)))).toEqual([
      expect.stringMatching(
        /^reduced: Of the machines .* these have not reported: gpu01, gpu02\. /,
      ),
    ]);
  });

  it("names a node that is down for no reason", () => {
    const answers = changed(
      "slurm-m1",
      "compute2 mixed Unknown none",
      "compute2 down Unknown none",
    );
    expect(diagnose(see(answers))).toHaveLength(1);
  });

  const share = (text: string) => changed("slurm-m1", /$/, `==> share\n${text}\n`);

  it("tells of jobs that a crash has taken, until somebody has decided", () => {
    const lost = [922, 921].map((id) => `lost /mnt/slurm/lost/${id}/`).join("\n");
    const findings = diagnose(see(share(`full  27%    3%\n${lost}`)));
    expect(words(findings)).toEqual([
      "reduced: A crash of slurmctld has taken 2 jobs: 921, 922. Their scripts are kept; the command lists them.",
    ]);
    expect(mends(findings)).toEqual(["npx hpc lost-jobs --stack lab"]);
  });

  it.each([
    ["space", "full  80%    3%", ["reduced: The state share is 80 % full."]],
    ["files", "full  27%   91%", ["reduced: The state share is 91 % full."]],
    ["file systems without a number of files", "full  27%     -", []],
    ["nothing", "", []],
  ])("warns of a state share that fills up: %s", (_, text, expected) => {
    const found = words(diagnose(see(share(text)))).map((w) => w.replace(/full\. .*/, "full."));
    expect(found).toEqual(expected);
  });

  it("asks for the state share in words that a shell takes", () => {
    const script = questions("controllers", outputs).replaceAll("/mnt/slurm", "/tmp");
    const said = execFileSync("bash", ["-c", `EACH=5; ${script}; true`], { encoding: "utf8" });
    expect(said).toMatch(/^full +\d+% +(\d+%|-)$/m);
    expect(said).not.toMatch(/^lost/m);
  });

  it("knows that a controller could not switch the other one off, before it has to", () => {
    const why =
      "slurm-m1 could not be fenced: fence_virtd of its hypervisor, 198.18.3.1:1229, does not say how it is (timed out)";
    const answers = changed(
      "slurm-m2",
      /^slurm-watch/m,
      "slurm-fencing.service loaded failed failed x\nslurm-watch",
    );
    answers["slurm-m2"] += `\n==> fencing\nslurm-ha: ${why}\n`;
    const findings = diagnose(see(answers));
    expect(words(findings)).toEqual([
      `reduced: On slurm-m2 slurm-fencing is not running. slurm-ha said last: ${why}.`,
    ]);
    expect(mends(findings)).toEqual([
      expect.stringMatching(/198\.18\.3\.11 .*systemctl restart slurm-fencing/),
    ]);
  });
});
