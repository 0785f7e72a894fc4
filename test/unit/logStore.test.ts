import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { logStoreUrls, logStoreVersion } from "../../toolchain/logStore";

describe("the store of the logs", () => {
  it("has its version from the module that builds it", () => {
    const version = logStoreVersion(readFileSync("toolchain/log-store/go.mod", "utf8"));
    expect(version).toMatch(/^v\d+\.\d+\.\d+$/);
    expect(() => logStoreVersion("module x\n")).toThrow(/does not require/);
  });

  it("is published with its checksums", () => {
    const base = "https://github.com/VictoriaMetrics/VictoriaLogs/releases/download/v1.2.3";
    expect(logStoreUrls("v1.2.3", "amd64")).toEqual({
      archive: `${base}/victoria-logs-linux-amd64-v1.2.3.tar.gz`,
      checksums: `${base}/victoria-logs-linux-amd64-v1.2.3_checksums.txt`,
    });
  });
});
