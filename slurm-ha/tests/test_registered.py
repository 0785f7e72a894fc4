import pytest

from slurm_ha.registered import ENDING, Ended, silent_nodes
from tests.fake import FakeHost

# Parts of what `scontrol show nodes --oneliner` says, 22.05.
TOLD = "NodeName={} Arch=x86_64 CPUAlloc=0 State={} ThreadsPerCore=1 BootTime=2026-11-27T01:02:03 LastBusyTime=x\n"
SILENT = "NodeName={} CPUAlloc=0 CPULoad=N/A State={} ThreadsPerCore=1 BootTime=None SlurmdStartTime=None\n"


def says(host: FakeHost, *lines: str) -> None:
    host.says["scontrol show nodes"] = "".join(lines)


@pytest.mark.parametrize(
    ("state", "silent"),
    [
        *[(state, True) for state in ("IDLE", "ALLOCATED", "MIXED+DRAIN", "IDLE+NOT_RESPONDING", "UNKNOWN*")],
        *[(state, False) for state in ("DOWN", "DOWN+DRAIN+NOT_RESPONDING", "IDLE+POWERED_DOWN", "FUTURE")],
    ],
)
def test_who_has_not_told(state: str, silent: bool, host: FakeHost) -> None:
    says(host, TOLD.format("a", state), SILENT.format("b", state))
    assert silent_nodes(host) == (["b"] if silent else [])


def test_sure_once_all_have_told_and_what_they_had_has_ended(host: FakeHost) -> None:
    ended = Ended(host)
    says(host, SILENT.format("a", "IDLE"), TOLD.format("b", "IDLE"))
    assert not ended.sure()
    host.sleep(10 * ENDING)
    assert not ended.sure()
    says(host, TOLD.format("a", "IDLE"), TOLD.format("b", "IDLE"))
    assert not ended.sure()
    host.sleep(ENDING)
    assert ended.sure()


def test_begins_anew_where_nobody_answers_or_a_node_has_yet_to_tell(host: FakeHost) -> None:
    ended = Ended(host)
    says(host, TOLD.format("a", "IDLE"))
    assert not ended.sure()
    host.sleep(ENDING)
    host.codes["scontrol show nodes"] = [1, 0]
    assert not ended.sure()
    assert not ended.sure()
    host.sleep(ENDING)
    says(host, SILENT.format("a", "IDLE"))
    assert not ended.sure()
