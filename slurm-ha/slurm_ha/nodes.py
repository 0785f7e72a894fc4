"""What administrators set on nodes with scontrol, and Slurm does not keep: weights, and features at a reconfigure.

They are noted on the share while slurmctld runs, and set again after it was started or reconfigured. A node of which
slurm.conf says another weight or other features than before gets these.
"""

import re

from slurm_ha.host import Host
from slurm_ha.partitions import entries, names
from slurm_ha.share import Share

Setting = tuple[str, str]  # weight, features


def settings_of_nodes(host: Host) -> dict[str, Setting]:
    found = {}
    for line in host.read("scontrol", "show", "nodes", "--oneliner").splitlines():
        values = dict(re.findall(r"(NodeName|Weight|AvailableFeatures)=(\S*)", line))
        if "NodeName" in values:
            features = values.get("AvailableFeatures", "")
            found[values["NodeName"]] = values.get("Weight", "1"), "" if features == "(null)" else features
    return found


def changed_nodes(host: Host, old: str, new: str) -> set[str]:
    """Nodes whose weight or features are others in one slurm.conf than in the other."""
    before, after = said_of_nodes(old), said_of_nodes(new)

    def each(lines: set[tuple[str, Setting]]) -> set[tuple[str, Setting]]:
        found = set()
        for which, setting in lines:
            found |= {(name, setting) for name in host.read("scontrol", "show", "hostnames", which).split()}
        return found

    return {name for name, _ in each(before - after) ^ each(after - before)}


def nodes_of(host: Host, text: str) -> set[str]:
    """Names of the nodes of a slurm.conf."""
    every = ",".join(names(text, "NodeName"))
    return set(host.read("scontrol", "show", "hostnames", every).split()) if every else set()


def said_of_nodes(text: str) -> set[tuple[str, Setting]]:
    """(its nodes, setting) of each line."""
    return {
        (which, (values.get("weight", "1"), values.get("features", values.get("feature", ""))))
        for which, values in entries(text, "NodeName")
    }


def restore_nodes(share: Share, host: Host, old: str, new: str) -> None:
    """`old` is slurm.conf as the noted settings knew it."""
    noted = read_noted(share)
    if not noted:
        return
    now = settings_of_nodes(host)
    different = {name for name, setting in noted.items() if name in now and now[name] != setting}
    for name in sorted(different - changed_nodes(host, old, new)):
        weight, features = noted[name]
        host.run("scontrol", "update", f"NodeName={name}", f"Weight={weight}", f"Features={features}", must=False)


def note_nodes(share: Share, host: Host) -> None:
    text = "".join(f"{name} {weight} {features}\n" for name, (weight, features) in settings_of_nodes(host).items())
    path = share.ha / "nodes"
    if text and (not path.exists() or path.read_text() != text):
        host.replace(path, text)


def read_noted(share: Share) -> dict[str, Setting]:
    path = share.ha / "nodes"
    words = [line.split(" ") for line in path.read_text().splitlines()] if path.exists() else []
    return {name: (weight, features) for name, weight, features in words}
