from collections.abc import Callable

import pytest

from slurm_ha.host import Process, Unit
from slurm_ha.messages import Refused
from slurm_ha.settings import Settings
from slurm_ha.share import Share
from slurm_ha.watch import watch
from tests.fake import FakeHost, FakeProcess


def run(settings: Settings, host: FakeHost, seconds: float, then: Callable[[], None] = lambda: None) -> str:
    """Why the watch ended; what happens after `seconds`, and unfit a minute later for certain."""
    before = host.asleep

    def asleep() -> None:
        before()
        if host.time >= 1000 + seconds:
            then()
        if host.time > 1060 + seconds:
            host.mounted = False

    host.asleep = asleep
    with pytest.raises(Refused) as e:
        watch(settings, host)
    return str(e.value)


@pytest.fixture
def running(host: FakeHost, share: Share) -> None:
    share.take(1)
    host.systemd = Unit("active", 42, "")


def test_is_ready_only_on_a_fit_share(settings: Settings, host: FakeHost) -> None:
    host.mounted = False
    with pytest.raises(Refused, match="is not mounted"):
        watch(settings, host)
    assert host.told == []


def test_tells_systemd_how_long_it_may_hang(settings: Settings, host: FakeHost) -> None:
    run(settings, host, 1)
    assert host.told[:2] == ["READY=1\nWATCHDOG_USEC=3000000", "WATCHDOG=1"]


def test_after_a_reboot_what_was_here_is_released(settings: Settings, host: FakeHost, share: Share) -> None:
    share.take(1)
    share.beat("held")
    host.vip = False
    run(settings, host, 1)
    assert share.heartbeat("m1")[0] == "released"


@pytest.mark.parametrize(("vip", "active"), [(True, "inactive"), (False, "active"), (False, "activating")])
def test_what_may_run_is_not_released(vip: bool, active: str, settings: Settings, host: FakeHost, share: Share) -> None:
    share.take(1)
    host.vip, host.systemd = vip, Unit(active, 0, "")
    run(settings, host, 0)
    assert share.heartbeat("m1")[0] != "released"


def test_beats_while_slurmctld_answers(running: None, settings: Settings, host: FakeHost, share: Share) -> None:
    ages: list[float] = []
    host.asleep = lambda: ages.append(share.heartbeat("m1")[1])
    assert "is not mounted" in run(settings, host, 5)
    assert max(ages) <= 0.75
    assert host.killed == []


def test_kills_what_has_lost_the_state(running: None, settings: Settings, host: FakeHost, other: Share) -> None:
    def claim() -> None:
        if other.claim()[0] == 1:
            other.take(2)

    assert run(settings, host, 5, claim) == "another controller owns the state: killed slurmctld"
    assert host.killed == [10042]


def test_kills_what_hangs(running: None, settings: Settings, host: FakeHost) -> None:
    def ping(command: str) -> Process:
        assert command == "timeout 2.5 scontrol ping"
        return FakeProcess(host, 0) if host.time < 1010 else FakeProcess(host, 124, seconds=2.5)

    host.processes = ping
    assert run(settings, host, 30) == "slurmctld does not answer: killed it"
    assert host.killed == [10042]
    assert 1011 < host.time < 1013.5


def test_a_machine_that_stood_still_has_heard_no_answers(running: None, settings: Settings, host: FakeHost) -> None:
    def ping(command: str) -> Process:
        return FakeProcess(host, 124 if 1009 < host.time < 1011 else 0, seconds=0.6)

    def stands_still() -> None:
        if 1010 < host.time < 1011:
            host.time += 30

    host.processes = ping
    host.asleep = stands_still
    assert "is not mounted" in run(settings, host, 60)
    assert host.killed == []


def test_gives_one_that_loads_a_minute(running: None, settings: Settings, host: FakeHost) -> None:
    host.processes = lambda _: FakeProcess(host, 1)
    assert run(settings, host, 90) == "slurmctld does not answer: killed it"
    assert 1060 < host.time < 1061


def test_leaves_one_alone_that_is_ending(running: None, settings: Settings, host: FakeHost) -> None:
    def ping(command: str) -> Process:
        if host.time < 1005:
            return FakeProcess(host, 0)
        host.systemd = Unit("deactivating", 42, "")
        return FakeProcess(host, 1)

    host.processes = ping
    assert "is not mounted" in run(settings, host, 10)
    assert host.killed == []


def test_ends_when_slurmctld_has(running: None, settings: Settings, host: FakeHost) -> None:
    def end() -> None:
        host.running, host.systemd = False, Unit("failed", 0, "")

    assert run(settings, host, 5, end) == "slurmctld is failed although the VIP is here"
    assert host.time < 1006


def test_waits_for_a_start_as_long_as_the_other_may_be_silent(settings: Settings, host: FakeHost) -> None:
    assert run(settings, host, 90) == "slurmctld is inactive although the VIP is here"
    assert host.time == pytest.approx(1002.25, abs=0.3)


def test_without_the_vip_there_is_nothing_to_run(settings: Settings, host: FakeHost) -> None:
    host.vip = False
    assert "is not mounted" in run(settings, host, 10)


def test_yields_to_the_other_that_has_the_vip_too(
    running: None, settings: Settings, host: FakeHost, other: Share
) -> None:
    assert run(settings, host, 5, other.want) == "m2 holds the VIP too and waits for the state"
    assert host.ran[-1] == "systemctl --no-block restart keepalived.service"
    assert host.killed == []


def test_notes_that_there_is_job_state(running: None, settings: Settings, host: FakeHost, share: Share) -> None:
    (share.spool / "job_state").touch()
    run(settings, host, 2)
    assert (share.ha / "had-state").exists()
