import pytest

from slurm_ha.apply import apply, needs_restart
from slurm_ha.host import CommandFailed
from slurm_ha.messages import Refused
from slurm_ha.settings import Settings
from slurm_ha.share import Share
from tests.fake import FakeHost


@pytest.fixture(autouse=True)
def saved(host: FakeHost) -> None:
    (host.share / "spool/assoc_mgr_state").touch()
    (host.share / "ha/pushed.conf").write_text("ClusterName=test\n")


def test_nothing_new(settings: Settings, host: FakeHost, capsys: pytest.CaptureFixture[str]) -> None:
    settings.applied.write_text("ClusterName=test\n")
    apply(settings, host)
    assert capsys.readouterr().out == "unchanged\n"
    assert host.ran == ["scontrol ping"]


def test_not_where_slurmctld_does_not_run(
    settings: Settings, host: FakeHost, capsys: pytest.CaptureFixture[str]
) -> None:
    host.vip = False
    apply(settings, host)
    assert capsys.readouterr().out == "unchanged\n"
    assert host.ran == ["scontrol ping"]


def test_reconfigures(settings: Settings, host: FakeHost, capsys: pytest.CaptureFixture[str]) -> None:
    settings.applied.write_text("ClusterName=test\nMinJobAge=300\n")
    apply(settings, host)
    assert capsys.readouterr().out == "changed\n"
    assert host.ran == ["scontrol ping", "scontrol reconfigure", "scontrol show nodes --oneliner"]
    assert settings.applied.read_text() == "ClusterName=test\n"


def test_restarts_where_slurm_demands_it(settings: Settings, host: FakeHost) -> None:
    host.codes["scontrol ping"] = [0, 1, 1, 0]
    apply(settings, host)
    assert host.ran == [
        "scontrol ping",
        "systemctl restart slurmctld.service",
        *["scontrol ping"] * 3,
        "scontrol reconfigure",
        "scontrol show nodes --oneliner",
    ]


def test_a_new_cluster_saves_what_it_knows(settings: Settings, host: FakeHost) -> None:
    (host.share / "spool/assoc_mgr_state").unlink()
    settings.applied.write_text("ClusterName=test\n")
    apply(settings, host)
    assert host.ran == ["scontrol ping", "scontrol reconfigure"]


def test_a_failed_change_is_tried_again(settings: Settings, host: FakeHost) -> None:
    settings.applied.write_text("")
    host.codes["scontrol reconfigure"] = [1]
    with pytest.raises(CommandFailed):
        apply(settings, host)
    assert settings.applied.read_text() == ""


def test_waits_a_minute(settings: Settings, host: FakeHost) -> None:
    host.codes["scontrol ping"] = [1]
    with pytest.raises(Refused, match="no slurmctld has answered for 60 s"):
        apply(settings, host)
    assert host.time == pytest.approx(1060.1, abs=0.2)


@pytest.mark.parametrize(
    ("line", "restart"),
    [
        ("NodeName=compute3 CPUs=2", True),
        ("selecttype=x", True),
        ("MaxJobCount=5", True),
        ("GresTypes=gpu", True),
        ("TopologyPlugin=topology/tree", True),
        ("PartitionName=a", False),
        ("MinJobAge=1", False),
        ("# job_submit.lua: 1a2b", False),
    ],
)
def test_needs_restart(line: str, restart: bool) -> None:
    assert needs_restart(f"ClusterName=test\n{line}\n", "ClusterName=test\n") == restart


NIGHT = "PartitionName=night MaxTime=60 Nodes=a"


def conf(host: FakeHost, *lines: str) -> str:
    text = "\n".join(("ClusterName=test", *lines, ""))
    (host.share / "config/slurm.conf").write_text(text)
    return text


def test_what_changes_of_a_partition_wins(settings: Settings, host: FakeHost, share: Share) -> None:
    old = conf(host, NIGHT)
    settings.applied.write_text(old)
    share.push(old)
    wanted = conf(host, NIGHT.replace("60", "90"))
    apply(settings, host)
    assert "scontrol update PartitionName=night maxtime=90" in host.ran
    assert share.pushed() == wanted


def test_nodes_that_go_are_taken_out_of_partitions_first(settings: Settings, host: FakeHost, share: Share) -> None:
    """slurmctld, which recovers partitions, does not start with one whose node is not there."""
    old = conf(host, "NodeName=a,b", "PartitionName=main Nodes=a,b")
    settings.applied.write_text(old)
    share.push(old)
    conf(host, "NodeName=a", "PartitionName=main Nodes=a")
    host.says |= {
        "scontrol show partition": "PartitionName=main MaxNodes=1 Nodes=a,b X=\nPartitionName=r Nodes=a TotalNodes=1",
        "scontrol show hostnames a": "a",
        "scontrol show hostnames a,b": "a\nb",
    }
    apply(settings, host)
    told = [line for line in host.ran if line.startswith(("scontrol update", "systemctl"))]
    assert told[:2] == ["scontrol update PartitionName=main Nodes=a", "systemctl restart slurmctld.service"]


def test_also_when_a_takeover_has_come_between(settings: Settings, host: FakeHost, share: Share) -> None:
    """The slurmctld that began then knows the new slurm.conf, and has recovered the old values."""
    share.push(conf(host, NIGHT))
    settings.applied.write_text(conf(host, NIGHT.replace("60", "90")))
    apply(settings, host)
    assert host.ran[1:3] == ["scontrol reconfigure", "scontrol update PartitionName=night maxtime=90"]


def test_a_partition_with_jobs_does_not_go(settings: Settings, host: FakeHost, share: Share) -> None:
    old = conf(host, NIGHT)
    settings.applied.write_text(old)
    share.push(old)
    conf(host)
    host.codes["scontrol delete"] = [1]
    host.says["scontrol delete"] = "delete_partition partitionname=night: Partition is in use\n"
    with pytest.raises(Refused, match=r"night is no longer in the config, and stays: .* Partition is in use"):
        apply(settings, host)
    assert share.pushed() == old  # tried again with the next run
    host.says["scontrol delete"] = "Invalid partition name specified"  # somebody has deleted it
    apply(settings, host)


def test_a_site_from_before_has_nothing_to_be_told(settings: Settings, host: FakeHost, share: Share) -> None:
    (share.ha / "pushed.conf").unlink()
    settings.applied.write_text(conf(host, NIGHT))
    apply(settings, host)
    assert host.ran == ["scontrol ping"]
    assert share.pushed() == settings.applied.read_text()
