import json
from pathlib import Path

import pytest

from slurm_ha.lost import drop_saved, forget, lost, options_of, resubmit
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
