"""Jobs that a crash has taken: what is known of them, and submitting them again."""

import re
from pathlib import Path

from slurm_ha.host import Host
from slurm_ha.messages import Refused, log
from slurm_ha.settings import Settings
from slurm_ha.share import Share

ACCOUNTED = "Submit", "User", "JobName", "WorkDir", "SubmitLine"
# Options of sbatch that take no value, or only one behind "=".
SWITCHES = {
    *("contiguous", "exclusive", "get-user-env", "hold", "ignore-pbs", "kill-on-bad-exit", "nice", "no-kill"),
    *("no-requeue", "overcommit", "oversubscribe", "parsable", "propagate", "quiet", "reboot", "requeue"),
    *("spread-job", "test-only", "use-min-nodes", "verbose", "wait"),
}
LETTERS = "HhIkOQsvVW"  # the same of one letter
WRAPPED = "# This script was created by sbatch --wrap.\n\n"
NOT_AGAIN = {"--parsable", "--test-only", "--wait", "-W", "-Q", "--quiet", "-v", "--verbose"}


def lost(settings: Settings, host: Host) -> None:
    """Prints what is known of each, a line of JSON for each."""
    import json

    share = Share(settings, host)
    for job in lost_jobs(share):
        print(json.dumps({"id": job, **known_of(share, host, job)}))


def lost_jobs(share: Share) -> list[int]:
    return sorted(int(path.name) for path in share.lost.glob("*") if path.name.isdigit())


def drop_saved(share: Share, host: Host) -> None:
    """Of those that were kept aside slurmctld may know some: saved in the very last moment."""
    for job in lost_jobs(share):
        if host.ask("scontrol", "show", "job", str(job)).code == 0:
            remove(share, job)
            log(f"job {job} is not lost: it is in the queue")


def known_of(share: Share, host: Host, job: int) -> dict[str, str]:
    """Its user only by the accounting's word: the environment is what the user said."""
    aside = share.lost / str(job)
    environment = environment_of(aside)
    said = {
        "JobName": environment.get("SLURM_JOB_NAME", ""),
        "WorkDir": environment.get("SLURM_SUBMIT_DIR", ""),
        "ClaimedUser": environment.get("USER", ""),
    }
    # All records of the id: other jobs had it before MaxJobId was reached.
    ask = ["sacct", "-n", "-P", "-X", "-D", "--delimiter=\x1f", "-j", str(job), "-o", ",".join(ACCOUNTED)]
    records = [line.split("\x1f") for line in host.ask(*ask).stdout.splitlines()]
    newest = max((record for record in records if len(record) == len(ACCOUNTED)), default=[])
    again = aside / "resubmitted"
    return {
        **said,
        **{key: value for key, value in zip(ACCOUNTED, newest, strict=False) if value},
        "Resubmitted": again.read_text().strip() if again.exists() else "",
    }


def environment_of(aside: Path) -> dict[str, str]:
    """After the number of variables (32 bits) each of them ends with a zero byte."""
    path = aside / "environment"
    raw = path.read_bytes()[4:] if path.exists() else b""
    lines = [line.decode(errors="surrogateescape") for line in raw.split(b"\0")]
    return dict(line.split("=", 1) for line in lines if "=" in line)


def resubmit(settings: Settings, host: Host, job: str, user: str = "") -> None:
    share = Share(settings, host)
    aside = share.lost / job
    if not job.isdigit() or not (aside / "script").exists():
        there = ", ".join(map(str, lost_jobs(share)))
        raise Refused(f"job {job} is not among the lost ones: {there or 'there are none'}")
    known = known_of(share, host, int(job))
    if known["Resubmitted"]:
        raise Refused(f"job {job} was submitted again as {known['Resubmitted']}")
    accounted = known.get("User", "")
    if not (user or accounted):
        claimed = known["ClaimedUser"] or "nothing"
        raise Refused(f"the accounting does not know whose job {job} was. Its environment says {claimed}: no proof")
    if accounted and user not in ("", accounted):
        raise Refused(f"job {job} was {accounted}'s, not {user}'s")
    new = submit(host, aside, accounted or user, known)
    (aside / "resubmitted").write_text(f"{new}\n")
    print(new)


def submit(host: Host, aside: Path, user: str, known: dict[str, str]) -> str:
    uid, gid = host.user(user)
    script = (aside / "script").read_bytes().rstrip(b"\0").decode(errors="surrogateescape")
    options = options_of(known.get("SubmitLine", ""), script)
    if known["WorkDir"]:
        options.insert(0, f"--chdir={known['WorkDir']}")
    if known["JobName"]:
        options.insert(0, f"--job-name={known['JobName']}")
    variables = (aside / "environment").read_bytes()[4:]
    with host.readable_by(uid, gid, variables) as file:
        command = ["runuser", "-u", user, "--", "sbatch", "--parsable", f"--export-file={file}", *options]
        done = host.ask(*command, say=script)
    if done.code != 0:
        raise Refused(f"sbatch: {(done.stderr or done.stdout).strip()}")
    return done.stdout.strip()


def options_of(line: str, script: str) -> list[str]:
    """The options of sbatch in a line that it was called with; the script is what was kept.

    The line has its words without their quotes: what stands behind a value with a blank is not taken.
    """
    wrapped = script.partition(WRAPPED)[2].removesuffix("\n")
    if wrapped:
        line = line.replace(f"--wrap={wrapped}", "").replace(f"--wrap {wrapped}", "")
    words = line.split()[1:]
    options: list[str] = []
    while words and words[0].startswith("-"):
        word = words.pop(0)
        name = word.lstrip("-")
        if word.startswith("--"):
            alone = "=" in name or name in SWITCHES
        else:
            alone = len(name) > 1 or name in LETTERS
        option = [word] if alone or not words else [word, words.pop(0)]
        if word not in NOT_AGAIN:
            options += option
    return options


def forget(settings: Settings, host: Host, job: str) -> None:
    share = Share(settings, host)
    if not re.fullmatch(r"\d+", job) or not (share.lost / job).exists():
        raise Refused(f"job {job} is not among the lost ones")
    remove(share, int(job))


def remove(share: Share, job: int) -> None:
    import shutil

    shutil.rmtree(share.lost / str(job))
