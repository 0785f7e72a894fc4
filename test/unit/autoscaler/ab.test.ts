import { expect, it } from "vitest";
import { readAb } from "../../support/ab";

/** What ab 2.3 printed for the lab's login page. */
const REPORT = `Concurrency Level:      1000
Time taken for tests:   15.298 seconds
Complete requests:      10000
Failed requests:        0
Total transferred:      7630000 bytes

Percentage of the requests served within a certain time (ms)
  50%    951
  99%   4155
 100%   4334 (longest request)
`;

it("reads ab's report, and counts answers that are no success as failed", () => {
  expect(readAb(REPORT)).toEqual({ seconds: 15.298, failed: 0, longest: 4.334 });
  const refused = REPORT.replace("Total", "Non-2xx responses:      17\nTotal");
  expect(readAb(refused).failed).toBe(17);
  expect(() => readAb("apr_socket_recv: Connection refused (111)")).toThrow("no report of ab");
});
