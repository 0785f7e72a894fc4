/** Inputs of one libvirt LXC container; all known before it exists. */
export interface ContainerInputs {
  /** Libvirt domain name, unique on the host. Changing it replaces the container. */
  domain: string;
  hostname: string;
  address: string;
  prefixLength: number;
  gateway: string;
  /** Interface name inside the container. */
  interface: string;
  mac: string;
  vcpus: number;
  memoryMiB: number;
  /** Libvirt network of qemu:///system that it is attached to. */
  network: string;
  /** Root file system that is the lower layer, or several with colons between, the upper one first; used at creation only. */
  image: string;
  /** Where the upper layer lives. Changing it replaces the container. */
  directory: string;
  /** Public keys that may log in as root at first, each in a line; used at creation only. */
  authorizedKey: string;
  /** Host directories seen inside. */
  mounts: Mount[];
}

export interface Mount {
  source: string;
  target: string;
}

/** What is known of a container after a create, an update or a refresh. */
export interface ContainerState extends ContainerInputs {
  hostKey: string;
  /** False after a refresh that found it stopped: the next update starts it again. */
  running: boolean;
}
