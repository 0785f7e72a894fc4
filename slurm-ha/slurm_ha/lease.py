"""The decisions: whose is the state, and who must go? Observations in, verdict out, nothing else."""

from enum import Enum

BEAT = 0.5  # s between two heartbeats
LEAVE = 15.0  # s that a predecessor may take to end: its unit's TimeoutStopSec and the release
LOADING = 60.0  # s that a slurmctld may take to answer first: it loads the state, and looks for a slurmdbd
RELEASED = "released"  # last word of a controller whose slurmctld has ended
HELD = "held"

Claim = tuple[int, str]  # epoch and its owner


class Predecessor(Enum):
    """What the last heartbeat of the state's owner says about it."""

    ENDED = "its slurmctld has ended"
    SILENT = "it may still write, and must be switched off first"
    LATE = "alive, unless its hypervisor says that it is off"
    ALIVE = "alive"


def predecessor(word: str, age: float, stale: float) -> Predecessor:
    if word == RELEASED:
        return Predecessor.ENDED
    if age > stale:
        return Predecessor.SILENT
    return Predecessor.LATE if age > 2 * BEAT else Predecessor.ALIVE


def shows_life(word: str, age: float, stale: float) -> bool:
    return predecessor(word, age, stale) in (Predecessor.LATE, Predecessor.ALIVE)


def must_wait(owner: str, me: str) -> bool:
    """The state has an owner whose word counts."""
    return owner not in ("", me)


def owns(claim: Claim, epoch: int, me: str) -> bool:
    return claim == (epoch, me)


def waits(age: float, stale: float) -> bool:
    """A wish for the state is written all the time: one of this age is still meant."""
    return age < stale / 2


def gave_up(active: str, job: str, served: bool, waited: float, stale: float) -> bool:
    """Where the VIP is slurmctld does not run, and nobody is about to start or end it.

    `served`: it has run since the VIP came; `waited`: s since then.
    """
    if active in ("activating", "deactivating") or job:
        return False
    return served or waited > stale


def answers(unanswered: float, loaded: bool, limit: float) -> bool:
    """`unanswered`: age of the oldest question without an answer, s; `loaded`: there was an answer before."""
    return unanswered <= (limit if loaded else max(limit, LOADING))
