/** A file system of the network that a machine mounts. */
export interface NetworkMount {
  /** `address:directory` */
  source: string;
  target: string;
  options: string;
}
