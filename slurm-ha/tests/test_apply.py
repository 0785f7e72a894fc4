import pytest

from slurm_ha.apply import apply, needs_restart
from slurm_ha.host import CommandFailed
from slurm_ha.messages import Refused
from slurm_ha.settings import Settings
from tests.fake import FakeHost


@pytest.fixture(autouse=True)
def saved(host: FakeHost) -> None:
    (host.share / "spool/assoc_mgr_state").touch()


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
    assert host.ran == ["scontrol ping", "scontrol reconfigure"]
    assert settings.applied.read_text() == "ClusterName=test\n"


def test_restarts_where_slurm_demands_it(settings: Settings, host: FakeHost) -> None:
    host.codes["scontrol ping"] = [0, 1, 1, 0]
    apply(settings, host)
    assert host.ran == [
        "scontrol ping",
        "systemctl restart slurmctld.service",
        *["scontrol ping"] * 3,
        "scontrol reconfigure",
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
    [("NodeName=compute3 CPUs=2", True), ("selecttype=x", True), ("PartitionName=a", False), ("MinJobAge=1", False)],
)
def test_needs_restart(line: str, restart: bool) -> None:
    assert needs_restart(f"ClusterName=test\n{line}\n", "ClusterName=test\n") == restart
