/** What a look must know of the site. */
export interface Site {
  /** Names of the HAProxy nodes. */
  entry: string[];
  /** The web nodes that there are, those that are being made included. */
  web: { name: string; address: string }[];
  /** Names of the backends: the web services. */
  backends: string[];
  /** `ports.nodeExporter`. */
  nodeExporterPort: number;
}
