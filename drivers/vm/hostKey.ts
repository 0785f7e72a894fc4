import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

const MAKE = `set -eu
umask 077
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
ssh-keygen -q -t ed25519 -N '' -C "$NAME" -f "$dir/key"
cat "$dir/key" "$dir/key.pub"`;

/** An ssh host key that exists before its machine, so that the first connection already is to a known host. */
export class HostKey extends pulumi.ComponentResource {
  /** Secret. */
  readonly privateKey: pulumi.Output<string>;
  /** `ssh-ed25519 AAAA… name` */
  readonly publicKey: pulumi.Output<string>;

  constructor(name: string, machine: string, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:machine:HostKey", name, {}, opts);
    const made = new local.Command(
      `${name}-pair`,
      {
        create: MAKE,
        environment: { NAME: machine },
        logging: local.Logging.None,
        addPreviousOutputInEnv: false,
      },
      // A later version of the script makes no other key.
      { parent: this, additionalSecretOutputs: ["stdout"], ignoreChanges: ["create"] },
    );
    const lines = made.stdout.apply((text) => text.trim().split("\n"));
    this.privateKey = pulumi.secret(lines.apply((all) => `${all.slice(0, -1).join("\n")}\n`));
    this.publicKey = pulumi.unsecret(lines.apply((all) => all.at(-1) ?? ""));
    this.registerOutputs({ publicKey: this.publicKey });
  }
}
