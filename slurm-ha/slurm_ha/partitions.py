"""Partitions between slurm.conf and what administrators set with scontrol.

slurmctld recovers partitions as they were (-R, KeepPartInfo), whatever slurm.conf says by then. So a value that
changes in slurm.conf is told to it: the change wins, everything else stays as it was set.
"""

# Of a key that is left out, in scontrol's words. Others that are left out keep their value.
LEFT_OUT = {
    "allocnodes": "ALL",
    "allowaccounts": "ALL",
    "allowgroups": "ALL",
    "allowqos": "ALL",
    "alternate": "NONE",
    "default": "NO",
    "denyaccounts": "",
    "denyqos": "",
    "disablerootjobs": "NO",
    "exclusiveuser": "NO",
    "gracetime": "0",
    "hidden": "NO",
    "lln": "NO",
    "maxcpuspernode": "UNLIMITED",
    "maxnodes": "UNLIMITED",
    "maxtime": "UNLIMITED",
    "minnodes": "0",
    "nodes": "",
    "oversubscribe": "NO",
    "priorityjobfactor": "1",
    "prioritytier": "1",
    "qos": "",
    "reqresv": "NO",
    "rootonly": "NO",
    "state": "UP",
}

Values = dict[str, str]


def entries(text: str, kind: str) -> list[tuple[str, Values]]:
    """(name, values by lower-case key) of the lines of a kind, with what its DEFAULT lines say."""
    found: list[tuple[str, Values]] = []
    defaults: Values = {}
    for line in text.replace("\\\n", " ").splitlines():
        values = {}
        for word in line.split("#")[0].split():
            key, _, value = word.partition("=")
            values[key.lower()] = value.strip('"')
        name = values.pop(kind.lower(), "")
        if name.upper() == "DEFAULT":
            defaults |= values
        elif name:
            found.append((name, defaults | values))
    return found


def changes(old: str, new: str) -> tuple[dict[str, Values], list[str]]:
    """What is to be told of each partition when slurm.conf `old` becomes `new`, and the partitions that go."""
    before, after = dict(entries(old, "PartitionName")), dict(entries(new, "PartitionName"))
    other_nodes = names(old, "NodeName") != names(new, "NodeName")
    told = {}
    for name, values in after.items():
        known = before.get(name, {})
        keys = [key for key in known | values if known.get(key) != values.get(key)]
        if other_nodes and values.get("nodes", "").upper() == "ALL" and "nodes" not in keys:
            keys.append("nodes")  # recovered as those that were all then
        told[name] = {key: value for key in keys if (value := wanted(key, values)) is not None}
    return {name: values for name, values in told.items() if values}, [name for name in before if name not in after]


def names(text: str, kind: str) -> list[str]:
    return [name for name, _ in entries(text, kind)]


def wanted(key: str, values: Values) -> str | None:
    """None where scontrol cannot say it."""
    if key == "defaulttime":  # has no word for none: then it is the longest that a job may take
        return values.get(key, values.get("maxtime", LEFT_OUT["maxtime"]))
    return values.get(key, LEFT_OUT.get(key))
