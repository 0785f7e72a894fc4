/** What one fence_virtd serves. */
export interface FenceConfiguration {
  /** Libvirt URI of the machines, as seen on the host where it runs. */
  uri: string;
  /** Address and TCP port that it listens on. */
  address: string;
  port: number;
  /** Addresses that may ask. */
  sources: string[];
  /** Libvirt domains that they may switch off and on. */
  domains: string[];
}

/** fence_virtd's own syntax: one group, whose `ip` may ask for its `uuid`, which are libvirt's names here. */
export function fenceConfiguration(directory: string, c: FenceConfiguration): string {
  const lines = (key: string, values: string[]) => values.map((v) => `    ${key} = "${v}";`);
  return [
    'fence_virtd { listener = "tcp"; backend = "libvirt"; }',
    `listeners { tcp { key_file = "${directory}/key"; address = "${c.address}"; port = "${c.port}"; } }`,
    `backends { libvirt { uri = "${c.uri}"; } }`,
    "groups {",
    "  group {",
    ...lines("ip", c.sources),
    ...lines("uuid", c.domains),
    "  }",
    "}",
    "",
  ].join("\n");
}
