from collections.abc import Callable

import pytest

from slurm_ha.host import Unit
from slurm_ha.keep import keep
from slurm_ha.settings import Settings
from slurm_ha.share import Share
from tests.fake import FakeHost


class Over(Exception):
    pass


def run(settings: Settings, host: FakeHost, *looks: str, then: Callable[[], object] = lambda: None) -> list[str]:
    """What it told slurmctld, whose nodes are others at each look; `then` comes before the last."""
    told = len(host.ran)
    left = list(looks)
    host.says["scontrol show nodes"] = left.pop(0)

    def asleep() -> None:
        if not left:
            raise Over
        if len(left) == 1:
            then()
        host.says["scontrol show nodes"] = left.pop(0)

    host.asleep = asleep
    with pytest.raises(Over):
        keep(settings, host)
    return [line for line in host.ran[told:] if "update" in line]


CONF = "NodeName=a,b CPUs=2\n"
PLAIN = "NodeName=a AvailableFeatures=(null) Weight=1 X=\nNodeName=b AvailableFeatures=ib Weight=1\n"
SET = PLAIN.replace("ib Weight=1", "ib,big Weight=7")


@pytest.fixture(autouse=True)
def configured(host: FakeHost, share: Share) -> None:
    host.systemd = Unit("active", 42, "")
    (share.root / "config/slurm.conf").write_text(CONF)
    share.push(CONF)


AGAIN = "scontrol update NodeName=b Weight=7 Features=ib,big"


def test_what_was_set_is_set_again_after_a_start(settings: Settings, host: FakeHost) -> None:
    assert run(settings, host, PLAIN, PLAIN, SET) == []
    host.codes["scontrol ping"] = [1, 0]
    assert run(settings, host, "", PLAIN) == [AGAIN]


@pytest.mark.parametrize(
    "words",
    [
        "Processing Reconfiguration Request",
        "Reconfigure signal (SIGHUP) received",
        "slurmctld version 22.05.8 started on cluster hpc",
    ],
)
def test_and_after_a_reconfiguration(words: str, settings: Settings, host: FakeHost, share: Share) -> None:
    def reconfigure() -> None:
        with share.log.open("a") as f:
            f.write(f"[2026-01-01T00:00:00.000] {words}\n")

    share.log.parent.mkdir()
    share.log.write_text("[2026-01-01T00:00:00.000] Processing Reconfiguration Request\n")
    assert run(settings, host, PLAIN, SET, SET, PLAIN, then=reconfigure) == [AGAIN]
    share.log.write_text("")  # rotated
    assert run(settings, host, SET, SET, PLAIN, then=reconfigure) == [AGAIN]


def test_what_a_person_sets_otherwise_stays(settings: Settings, host: FakeHost) -> None:
    assert run(settings, host, PLAIN, SET, PLAIN, SET, PLAIN) == []


@pytest.mark.parametrize(
    ("conf", "told"),
    [("NodeName=[a-c]\n", [AGAIN]), ("NodeName=a\nNodeName=b Weight=3\n", []), ("NodeName=a,b Weight=3\n", [])],
)
def test_what_changed_in_the_config_is_not(
    conf: str, told: list[str], settings: Settings, host: FakeHost, share: Share
) -> None:
    run(settings, host, SET, SET)
    (share.root / "config/slurm.conf").write_text(conf)
    hostnames = {"a": "a", "b": "b", "a,b": "a\nb", "[a-c]": "a\nb\nc"}
    host.says |= {f"scontrol show hostnames {names}": text for names, text in hostnames.items()}
    assert run(settings, host, PLAIN) == told


def test_a_node_that_is_gone_is_let_go(settings: Settings, host: FakeHost) -> None:
    run(settings, host, SET, SET)
    assert run(settings, host, PLAIN.splitlines()[0]) == []


def test_ends_with_slurmctld(settings: Settings, host: FakeHost) -> None:
    host.systemd = Unit("failed", 0, "")
    host.codes["scontrol ping"] = [1]
    keep(settings, host)


def test_the_log_is_rotated_now_and_then(settings: Settings, host: FakeHost, share: Share) -> None:
    run(settings, host, *[PLAIN] * 62)
    told = [line for line in host.ran if line.startswith("logrotate")]
    assert told == [f"logrotate --state {share.ha}/logrotate /etc/slurm/logrotate.conf"] * 2


TOLD = PLAIN.replace("X=", "BootTime=x").replace("ib Weight=1", "ib Weight=1 BootTime=x")


def test_what_a_crash_took_is_submitted_again_once_no_node_can_run_it(
    settings: Settings, host: FakeHost, share: Share
) -> None:
    aside = share.lost / "921"
    aside.mkdir(parents=True)
    for name in ("script", "environment", "again"):
        (aside / name).touch()
    host.says |= {"sacct ": "2026-11-26T19:40:34\x1fann\x1fx\x1f/\x1fsbatch x", "runuser": "1925\n"}
    host.codes["scontrol show job"] = [1]
    host.says["scontrol show job"] = "Invalid job id specified\n"

    def submitted(*looks: str) -> int:
        run(settings, host, *looks)
        return sum(line.startswith("runuser") for line in host.ran)

    # A node has yet to tell what runs there; then all have, and what they had must end (a look takes five seconds).
    silent = TOLD.replace("BootTime=x", "BootTime=None", 1)
    assert submitted(*[silent] * 40) == 0
    assert submitted(*[silent] * 2, *[TOLD] * 10) == 0
    assert submitted(*[silent] * 2, *[TOLD] * 16) == 1
