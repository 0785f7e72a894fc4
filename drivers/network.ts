import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";

export interface SiteNetworkArgs {
  /** The site's subnet. */
  cidr: string;
  /** Libvirt URI in which the network is made. */
  libvirtUri: string;
  /** Name of a network that is there; empty where machines use a bridge. Default: one is made. */
  existing?: string;
  /** Name of the libvirt network that is made, unique on the host. */
  networkName: string;
  /** Connection in which it is made. Default: one of its own, to `libvirtUri`. */
  provider?: libvirt.Provider;
}

/**
 * With libvirt's default, spanning tree, a new machine's port is closed for its first four seconds. The bridge
 * has no other bridge to make a loop with.
 */
const WITHOUT_SPANNING_TREE = `<?xml version="1.0"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:template match="@*|node()"><xsl:copy><xsl:apply-templates select="@*|node()"/></xsl:copy></xsl:template>
  <xsl:template match="bridge/@stp"><xsl:attribute name="stp">off</xsl:attribute></xsl:template>
  <xsl:template match="network[not(bridge)]">
    <xsl:copy><xsl:apply-templates select="@*|node()"/><bridge stp="off" delay="0"/></xsl:copy>
  </xsl:template>
</xsl:stylesheet>
`;

/**
 * What the machines are attached to: a bridge or libvirt network that is there, or else the site's own network:
 * isolated, the host is its gateway, no DHCP (addresses are planned).
 */
export class SiteNetwork extends pulumi.ComponentResource {
  /** Libvirt's name of the network, known once it is up; empty with a bridge. */
  readonly name: pulumi.Output<string>;
  /** The network, where it is the site's own. */
  readonly resource?: libvirt.Network;

  constructor(name: string, args: SiteNetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:network:SiteNetwork", name, {}, opts);
    const { cidr, libvirtUri, existing } = args;
    if (existing !== undefined) {
      this.name = pulumi.output(existing);
      this.registerOutputs({ networkName: this.name });
      return;
    }
    const provider =
      args.provider ??
      new libvirt.Provider(`${name}-libvirt`, { uri: libvirtUri }, { parent: this });
    const network = new libvirt.Network(
      `${name}-network`,
      {
        name: args.networkName,
        mode: "none",
        // The provider gives the host the first address; stated in any other form it differs at every preview.
        addresses: [cidr],
        autostart: true,
        xml: { xslt: WITHOUT_SPANNING_TREE },
        dhcp: { enabled: false },
        dns: { enabled: false },
      },
      { parent: this, provider },
    );
    this.name = network.name;
    this.resource = network;
    this.registerOutputs({ networkName: this.name });
  }
}
