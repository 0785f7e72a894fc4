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
# Marks of a job: it is to be submitted again by itself, that was begun, that was done (its new id).
AGAIN, BEGUN, RESUBMITTED = "again", "begun", "resubmitted"
# After these words of sbatch nobody knows whether the controller has taken it.
UNCERTAIN = re.compile(r"timed out|zero bytes|send/recv", re.IGNORECASE)
NO_REQUEUE = re.compile(r"^#SBATCH\s(?:.*\s)?--no-requeue\b", re.MULTILINE)
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
    again = aside / RESUBMITTED
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
    if not job.isdigit() or not (share.lost / job / "script").exists():
        there = ", ".join(map(str, lost_jobs(share)))
        raise Refused(f"job {job} is not among the lost ones: {there or 'there are none'}")
    print(submit_again(share, host, int(job), user))


def resubmit_marked(share: Share, host: Host) -> None:
    """Those that the site wants submitted again by themselves, each once; what is not certain is left to a person.

    For when none of them can run any more (registered.py): one that had begun would run twice at the same time.
    """
    for job in lost_jobs(share):
        mark = share.lost / str(job) / AGAIN
        if not mark.exists():
            continue
        known = host.ask("scontrol", "show", "job", str(job))
        if known.code == 0 or "Invalid job id" not in known.stdout + known.stderr:
            continue  # it was saved, or slurmctld does not tell: at the next look
        if host.ask("sacctmgr", "-nP", "show", "cluster").code != 0:
            continue  # slurmdbd is away, and knows whose they were
        try:
            if never_twice(share, host, job):
                raise Refused("it may have begun, and is not to begin twice (--no-requeue)")
            log(f"job {job} is lost, and submitted again as {submit_again(share, host, job)}")
        except (Refused, OSError) as e:
            mark.unlink(missing_ok=True)
            log(f"job {job} is lost, and not submitted again by itself: {e}")


def marked(share: Share) -> bool:
    """Whether any is to be submitted again by itself."""
    return any((share.lost / str(job) / AGAIN).exists() for job in lost_jobs(share))


def never_twice(share: Share, host: Host, job: int) -> bool:
    script = script_of(share.lost / str(job))
    options = options_of(known_of(share, host, job).get("SubmitLine", ""), script)
    return "--no-requeue" in options or NO_REQUEUE.search(script) is not None


def submit_again(share: Share, host: Host, job: int, user: str = "") -> str:
    """Never twice: of several who want that at once one may, and it is tried once. @returns the new id"""
    aside = share.lost / str(job)
    known = known_of(share, host, job)
    if known["Resubmitted"]:
        raise Refused(f"job {job} was submitted again as {known['Resubmitted']}")
    accounted = known.get("User", "")
    if not (user or accounted):
        claimed = known["ClaimedUser"] or "nothing"
        raise Refused(f"the accounting does not know whose job {job} was. Its environment says {claimed}: no proof")
    if accounted and user not in ("", accounted):
        raise Refused(f"job {job} was {accounted}'s, not {user}'s")
    try:
        ids = host.user(accounted or user)
    except KeyError:
        raise Refused(f"user {accounted or user} is not known here") from None
    options = [renumbered(share, word) for word in options_of(known.get("SubmitLine", ""), script_of(aside))]
    if known["WorkDir"]:
        options.insert(0, f"--chdir={known['WorkDir']}")
    if known["JobName"]:
        options.insert(0, f"--job-name={known['JobName']}")
    script, variables = script_of(aside), (aside / "environment").read_bytes()[4:]
    begin(aside)
    with host.readable_by(*ids, variables) as file:
        command = ["runuser", "-u", accounted or user, "--", "sbatch", "--parsable", f"--export-file={file}", *options]
        done = host.ask(*command, say=script)
    said = (done.stderr or done.stdout).strip()
    if done.code != 0 and UNCERTAIN.search(said):
        raise Refused(f"sbatch: {said}. {uncertain(aside)}")
    if done.code != 0:
        (aside / BEGUN).unlink()
        raise Refused(f"sbatch: {said}")
    # The mark of the begin stays: somebody may have looked before this and begin after it.
    host.replace(aside / RESUBMITTED, done.stdout)
    return done.stdout.strip()


def begin(aside: Path) -> None:
    (aside / AGAIN).unlink(missing_ok=True)
    try:
        (aside / BEGUN).touch(exist_ok=False)
    except FileExistsError:
        raise Refused(uncertain(aside)) from None


def uncertain(aside: Path) -> str:
    return (
        f"Job {aside.name} was perhaps submitted again: look for it (squeue, sacct). If it was, forget it; "
        f"if not, remove {aside / BEGUN}"
    )


def script_of(aside: Path) -> str:
    return (aside / "script").read_bytes().rstrip(b"\0").decode(errors="surrogateescape")


def renumbered(share: Share, word: str) -> str:
    """A dependency on a job that has another id by now."""
    if not re.match(r"(--dependency=|-d|)(after|singleton)", word):
        return word

    def now(found: re.Match[str]) -> str:
        again = share.lost / found[0] / RESUBMITTED
        return again.read_text().strip() if again.exists() else found[0]

    return re.sub(r"(?<=[:,])\d+", now, word)


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
