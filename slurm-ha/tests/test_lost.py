import json
from pathlib import Path

import pytest

from slurm_ha.lost import drop_saved, forget, lost, options_of, renumbered, resubmit, resubmit_marked
from slurm_ha.messages import Refused
from slurm_ha.settings import Settings
from slurm_ha.share import Share
from tests.fake import FakeHost

WRAPPED = "#!/bin/sh\n# This script was created by sbatch --wrap.\n\nsleep 1 -p x\n"
RECORD = "\x1f".join(("2026-11-26T19:40:34", "ann", "night", "/home/ann", "sbatch -p night --time=5 run.sh --time 7"))


@pytest.fixture(autouse=True)
def aside(share: Share) -> Path:
    directory = share.lost / "921"
    directory.mkdir(parents=True)
    (directory / "script").write_text("#!/bin/sh\nhostname\n\0")
    (directory / "environment").write_bytes(
        b"7\0\0\0USER=root\0SLURM_JOB_NAME=run.sh\0SLURM_SUBMIT_DIR=/tmp\0TERM=x=y\0"
    )
    return directory


@pytest.mark.parametrize(
    ("line", "script", "options"),
    [
        ("", "", []),
        ("sbatch -p night --time 5 -N2 -H run.sh -p day", "", ["-p", "night", "--time", "5", "-N2", "-H"]),
        ("sbatch --parsable --hold --exclusive -c 2 run.sh", "", ["--hold", "--exclusive", "-c", "2"]),
        ("/usr/bin/sbatch --wrap sleep 1 -p x -t 5", WRAPPED, ["-t", "5"]),
        ("sbatch -t 5 --wrap=sleep 1 -p x", WRAPPED, ["-t", "5"]),
        ("sbatch -t 5 --comment=two words -p x run.sh", "", ["-t", "5", "--comment=two"]),
        ("sbatch -W -v run.sh", "", []),
    ],
)
def test_options(line: str, script: str, options: list[str]) -> None:
    assert options_of(line, script) == options


def test_is_told_with_what_is_known(settings: Settings, host: FakeHost, capsys: pytest.CaptureFixture[str]) -> None:
    lost(settings, host)
    assert json.loads(capsys.readouterr().out) == {
        "id": 921, "JobName": "run.sh", "WorkDir": "/tmp", "ClaimedUser": "root", "Resubmitted": "",
    }  # fmt: skip
    host.says["sacct"] = f"2020-01-01T00:00:00\x1feve\x1fold\x1f/\x1fsbatch old\n{RECORD}\n"
    lost(settings, host)
    known = json.loads(capsys.readouterr().out)
    assert (known["User"], known["JobName"], known["WorkDir"]) == ("ann", "night", "/home/ann")


def test_is_submitted_again_as_whom_the_accounting_knows(
    settings: Settings, host: FakeHost, aside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    host.says |= {"sacct": RECORD, "runuser": "1925\n"}
    resubmit(settings, host, "921")
    assert capsys.readouterr().out == "1925\n"
    assert host.ran[-1] == (
        f"runuser -u ann -- sbatch --parsable --export-file={host.share}/readable "
        "--job-name=night --chdir=/home/ann -p night --time=5"
    )
    assert host.said[-1] == "#!/bin/sh\nhostname\n"
    assert (host.share / "readable").read_bytes().startswith(b"USER=root\0")
    with pytest.raises(Refused, match="job 921 was submitted again as 1925"):
        resubmit(settings, host, "921")


def test_nobody_becomes_another_by_saying_so(settings: Settings, host: FakeHost, aside: Path) -> None:
    """The environment is what the user has written."""
    with pytest.raises(Refused, match=r"does not know whose job 921 was. Its environment says root: no proof"):
        resubmit(settings, host, "921")
    assert not any(line.startswith("runuser") for line in host.ran)
    host.says["sacct"] = RECORD
    with pytest.raises(Refused, match="job 921 was ann's, not eve's"):
        resubmit(settings, host, "921", "eve")
    host.says["sacct"] = ""
    host.says["runuser"] = "1925\n"
    resubmit(settings, host, "921", "ann")
    assert any(line.startswith("runuser -u ann") for line in host.ran)


def test_a_refusal_is_slurms_own(settings: Settings, host: FakeHost, aside: Path) -> None:
    host.says |= {"sacct": RECORD, "runuser": "sbatch: error: invalid partition specified: night\n"}
    host.codes["runuser"] = [1]
    with pytest.raises(Refused, match="sbatch: sbatch: error: invalid partition"):
        resubmit(settings, host, "921")
    assert not (aside / "resubmitted").exists()
    host.codes["runuser"] = [0]
    resubmit(settings, host, "921")


def submissions(host: FakeHost) -> list[str]:
    return [line for line in host.ran if line.startswith("runuser")]


@pytest.mark.parametrize("said", ["Socket timed out on send/recv operation", "Zero Bytes were transmitted or received"])
def test_what_may_have_come_through_is_not_tried_twice(
    said: str, settings: Settings, host: FakeHost, aside: Path
) -> None:
    host.says |= {"sacct": RECORD, "runuser": f"sbatch: error: Batch job submission failed: {said}\n"}
    host.codes["runuser"] = [1, 0]
    for _ in range(2):
        with pytest.raises(Refused, match=f"perhaps submitted again: look for it .* remove {aside}/begun"):
            resubmit(settings, host, "921")
    assert len(submissions(host)) == 1
    (aside / "begun").unlink()
    resubmit(settings, host, "921")
    assert len(submissions(host)) == 2


GONE = "slurm_load_jobs error: Invalid job id specified\n"


@pytest.fixture
def marked(host: FakeHost, aside: Path) -> Path:
    """One that is to be submitted again by itself."""
    (aside / "again").touch()
    host.says |= {"sacct ": RECORD, "runuser": "1925\n", "scontrol show job": GONE}
    host.codes["scontrol show job"] = [1]
    return aside


def test_by_itself_once(host: FakeHost, share: Share, marked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    resubmit_marked(share, host)
    resubmit_marked(share, host)
    assert len(submissions(host)) == 1
    assert (marked / "resubmitted").read_text() == "1925\n"
    assert "job 921 is lost, and submitted again as 1925" in capsys.readouterr().err


def test_of_two_at_once_one_may(settings: Settings, host: FakeHost, share: Share, marked: Path) -> None:
    """The second has looked before the first has begun."""
    other = FakeHost(host.share)
    other.says, other.codes = host.says, host.codes

    def slow(name: str) -> tuple[int, int]:
        resubmit_marked(share, other)
        return FakeHost.user(other, name)

    host.user = slow  # type: ignore[method-assign]
    with pytest.raises(Refused, match="was perhaps submitted again"):
        resubmit(settings, host, "921")
    assert (len(submissions(host)), len(submissions(other))) == (0, 1)


def test_by_itself_only_what_was_marked(host: FakeHost, share: Share, marked: Path) -> None:
    (marked / "again").unlink()
    resubmit_marked(share, host)
    assert submissions(host) == []


@pytest.mark.parametrize(
    ("says", "codes"),
    [
        ({}, {"scontrol show job": [0]}),
        ({"scontrol show job": "slurm_load_jobs error: Unable to contact slurm controller\n"}, {}),
        ({}, {"sacctmgr": [1]}),
    ],
)
def test_by_itself_only_once_it_is_certain_that_it_is_lost_and_whose_it_was(
    says: dict[str, str], codes: dict[str, list[int]], host: FakeHost, share: Share, marked: Path
) -> None:
    before = host.says.copy(), host.codes.copy()
    host.says |= says
    host.codes |= codes
    resubmit_marked(share, host)
    assert submissions(host) == []
    host.says, host.codes = before
    resubmit_marked(share, host)
    assert len(submissions(host)) == 1


@pytest.mark.parametrize("unknown", ["to the accounting", "here", "in part"])
def test_what_it_cannot_do_by_itself_is_for_a_person(
    unknown: str, host: FakeHost, share: Share, marked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def nobody(name: str) -> tuple[int, int]:
        raise KeyError(name)

    if unknown == "to the accounting":
        host.says["sacct "] = ""
    elif unknown == "here":
        host.user = nobody  # type: ignore[method-assign]
    else:
        (marked / "script").unlink()
    resubmit_marked(share, host)
    resubmit_marked(share, host)
    assert submissions(host) == []
    assert capsys.readouterr().err.count("not submitted again by itself") == 1
    assert not (marked / "begun").exists()


@pytest.mark.parametrize("where", ["sbatch --no-requeue run.sh", "#SBATCH -N1 --no-requeue"])
def test_what_must_not_begin_twice_is_left_to_a_person(
    where: str, host: FakeHost, share: Share, marked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if where.startswith("#"):
        (marked / "script").write_text(f"#!/bin/sh\n{where}\nhostname\n")
    else:
        host.says["sacct "] = RECORD.replace("sbatch -p night --time=5 run.sh", where)
    resubmit_marked(share, host)
    assert submissions(host) == []
    assert "not to begin twice (--no-requeue)" in capsys.readouterr().err
    assert not (marked / "again").exists()


def test_a_dependency_follows_the_new_id(share: Share, aside: Path) -> None:
    (aside / "resubmitted").write_text("1925\n")
    assert renumbered(share, "--dependency=afterok:921:922,singleton") == "--dependency=afterok:1925:922,singleton"
    assert renumbered(share, "afterany:921+5") == "afterany:1925+5"
    assert renumbered(share, "--job-name=after:921") == "--job-name=after:921"


@pytest.mark.parametrize("job", ["922", "../ha", ""])
def test_only_what_is_lost(job: str, settings: Settings, host: FakeHost, share: Share) -> None:
    with pytest.raises(Refused, match="is not among the lost ones"):
        resubmit(settings, host, job, "ann")
    with pytest.raises(Refused, match="is not among the lost ones"):
        forget(settings, host, job)
    assert share.ha.exists()


def test_is_let_go(settings: Settings, host: FakeHost, aside: Path) -> None:
    forget(settings, host, "921")
    assert not aside.exists()


def test_one_that_is_in_the_queue_is_not_lost(host: FakeHost, share: Share, aside: Path) -> None:
    host.codes["scontrol show job"] = [1]
    drop_saved(share, host)
    assert aside.exists()
    host.codes["scontrol show job"] = [0]
    drop_saved(share, host)
    assert not aside.exists()
