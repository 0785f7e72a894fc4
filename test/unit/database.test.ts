import { expect, it } from "vitest";
import { databaseConnections, memoryFor } from "../../components/database";
import { galera } from "../../components/galera/tier";
import type { SiteConfig } from "../../components/tiers";

it.each([
  // The reference site, and the lab.
  [10, 8, 500],
  // Five connections of each service on 79 nodes, and one that is there while another is replaced.
  [79, 8, 3500],
  // A few more services than the sample portal has do not restart the database one by one.
  [10, 9, 750],
  [10, 12, 750],
])("%d web nodes with %d services have %d connections", (nodes, services, connections) => {
  expect(databaseConnections(nodes, services)).toBe(connections);
});

it("a database that is too small for its clients is refused, with what it needs", () => {
  const check = (max: number, memoryMiB: number) =>
    galera.check?.(
      {
        web: { max },
        services: Array(8).fill({}),
        sizes: { galera: { memoryMiB } },
      } as unknown as Partial<SiteConfig>,
      {} as never,
    );
  expect(memoryFor(500)).toBe(1000);
  expect(check(10, 1024)).toEqual([]);
  expect(check(79, 8192)).toEqual([]);
  expect(check(79, 4096)).toEqual([
    "sizes.galera.memoryMiB = 4096: must be at least 7000 for the 3500 connections of web.max = 79 nodes with 8 services",
  ]);
});

it("what is not valid by itself is not held against the rest", () => {
  expect(galera.check?.({}, {} as never)).toEqual([]);
});
