/** What the VM suite does itself: without a site. */
import { expect, it } from "vitest";
import { sitesWith } from "../vm/suite";
import { seen } from "../vm/users";

it("which of its sites are made is said by the test files that are wanted", () => {
  expect(sitesWith([])).toEqual(["small", "sets"]);
  expect(sitesWith(["failover"])).toEqual(["small"]);
  expect(sitesWith(["sizes"])).toEqual(["sets"]);
  expect(() => sitesWith(["nothing like it"])).toThrow("no test file has nothing like it");
});

it("what users saw: requests that failed, and for how long no service had a store", () => {
  const ok = '{"status":"ok","redis":"ok","database":"ok"} 200';
  const log = [
    `1000 1100 ${ok}`,
    '2000 2200 {"status":"ok","redis":"unreachable","database":"ok"} 200',
    "4000 34000 curl: (28) Operation timed out 000",
    '35000 36000 {"status":"ok","redis":"ok","database":"unreachable"} 200',
    `37000 37100 ${ok}`,
    '38000 38500 {"status":"ok","redis":"unreachable","database":"ok"} 200',
  ].join("\n");
  expect(seen(`${log}\n`)).toEqual({
    requests: 6,
    failed: ["4000 34000 curl: (28) Operation timed out 000"],
    redis: 34.9,
    database: 34.9,
  });
  // Who never had it was without all the time.
  expect(seen("1000 3000 no answer 503")).toMatchObject({ redis: 2, database: 2 });
});
