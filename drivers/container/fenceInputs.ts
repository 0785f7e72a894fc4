import type { FenceConfiguration } from "../../programs/fenceConfiguration";

/** Inputs of one fence_virtd on this host. */
export interface FenceDaemonInputs extends FenceConfiguration {
  /** Where its configuration, key and process id are; removed with it. */
  directory: string;
  /** Text that requests are signed with. Secret. */
  key: string;
  /** Network that has the address: it must be there before. Empty where it is not made here. */
  network: string;
}

/** What is known of it after a create, an update or a refresh. */
export interface FenceDaemonState extends FenceDaemonInputs {
  /** False after a refresh that found it gone: the next update starts it again. */
  running: boolean;
}
