from slurm_ha.partitions import changes, entries

OLD = """
NodeName=a CPUs=2
PartitionName=DEFAULT State=UP
PartitionName=main Nodes=a,b Default=YES MaxTime=INFINITE  # everybody's
PartitionName=night Nodes=a \\
    MaxTime=60
"""


def test_entries() -> None:
    assert entries(OLD, "PartitionName") == [
        ("main", {"state": "UP", "nodes": "a,b", "default": "YES", "maxtime": "INFINITE"}),
        ("night", {"state": "UP", "nodes": "a", "maxtime": "60"}),
    ]


def test_nothing_is_told_that_did_not_change() -> None:
    assert changes(OLD, f"{OLD}MinJobAge=1\n") == ({}, [])


def test_what_changed_is_told() -> None:
    new = OLD.replace("a,b", "a,b,c").replace("MaxTime=60", "MaxTime=90")
    assert changes(OLD, new) == ({"main": {"nodes": "a,b,c"}, "night": {"maxtime": "90"}}, [])


def test_what_is_left_out_is_slurms_default() -> None:
    new = OLD.replace("MaxTime=60", "").replace("State=UP", "State=DRAIN")
    assert changes(OLD, new)[0] == {"main": {"state": "DRAIN"}, "night": {"state": "DRAIN", "maxtime": "UNLIMITED"}}


def test_a_time_that_is_left_out_is_the_longest() -> None:
    new = OLD.replace("MaxTime=60", "MaxTime=60 DefaultTime=5")
    assert changes(new, OLD)[0] == {"night": {"defaulttime": "60"}}


def test_what_scontrol_has_no_word_for_stays() -> None:
    assert changes(OLD.replace("MaxTime=60", "MaxTime=60 PreemptMode=OFF"), OLD)[0] == {}


def test_partitions_come_and_go() -> None:
    new = OLD.replace("=night", "=day")
    assert changes(OLD, new) == ({"day": {"state": "UP", "nodes": "a", "maxtime": "60"}}, ["night"])


def test_all_is_all_that_there_are_now() -> None:
    old = "NodeName=a\nPartitionName=main Nodes=ALL\n"
    assert changes(old, old) == ({}, [])
    assert changes(old, old.replace("=a", "=[a-b]")) == ({"main": {"nodes": "ALL"}}, [])
