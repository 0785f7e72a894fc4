"""Before slurmctld starts, and after it has ended."""

import os

from slurm_ha.fencing import Fencing
from slurm_ha.host import Host
from slurm_ha.lease import HELD, LEAVE, LOADING, RELEASED, Predecessor, must_wait, owns, predecessor
from slurm_ha.messages import Refused, log
from slurm_ha.network import acknowledge_at_once, shun_silent_slurmdbd
from slurm_ha.settings import Settings
from slurm_ha.share import Share
from slurm_ha.unsaved import check_release, skip_unsaved

RECOVER_ALL = "-R"  # option of slurmctld; without it what administrators set on partitions is lost
SAVED = "saved"
# What a slurmctld ended with, by systemd's word: it has saved everything, or has given up with an error.
ENDS = {"success": SAVED, "exit-code": "failed"}


def guard(settings: Settings, host: Host) -> None:
    """Refuses, or claims the next epoch. Waits for a predecessor that is just stopping or dying."""
    share = Share(settings, host)
    fencing = Fencing(settings, host, share)
    if not host.vip_is_here(settings.vip):
        raise Refused(f"the VIP {settings.vip} is not on this machine")
    share.check()
    share.check_state()
    check_release(share, settings.states)
    # This runs before slurmctld: whatever the other one suspects this machine of is over.
    share.ended()
    epoch, owner = share.claim()
    if must_wait(owner, share.me):
        wait_for_end(share, fencing, host, owner)
    if not host.vip_is_here(settings.vip):
        raise Refused(f"the VIP {settings.vip} went away while waiting for {owner}")
    saved = share.last(owner) == f"end {SAVED}"
    recover = "" if failed_at_start(share.events(owner)) else RECOVER_ALL
    share.take(epoch + 1)
    share.beat(HELD)
    for name in share.suspects():
        if name != share.me:
            fencing.switch_off(name)
            share.record(f"off {name}")
            share.clear(name)
    if owner and not saved:
        skip_unsaved(share, host, settings.resubmit_lost)
    share.check()
    if not owns(share.claim(), epoch + 1, share.me):
        raise Refused("another controller claimed the state meanwhile")
    share.record(f"start {epoch + 1}")
    settings.applied.write_text(share.config())
    settings.start.write_text(f"RECOVER={recover}\n")
    shun_silent_slurmdbd(settings, host)
    acknowledge_at_once(settings, host)  # again: an interface that was down has lost its routes
    if not recover:
        log("the one before gave up on what it was to recover: what was set on partitions is what slurm.conf says")
    log(f"epoch {epoch + 1} (before: {owner or 'nobody'})")


def failed_at_start(events: list[str]) -> bool:
    """It gave up on what it was to recover, e.g. a partition with a node that slurm.conf no longer has."""
    if len(events) < 2 or not events[-1].endswith(" end failed"):
        return False
    began, ended = (float(event.split()[0]) for event in events[-2:])
    return ended - began < LOADING


def wait_for_end(share: Share, fencing: Fencing, host: Host, owner: str) -> None:
    """Returns once the owner's slurmctld has ended, or its owner is suspected of having fallen silent."""
    deadline = host.now() + LEAVE
    while True:
        word, age = share.heartbeat(owner)
        verdict = predecessor(word, age, share.stale)
        if verdict is Predecessor.ENDED:
            share.clear(owner)
            return
        # A machine that is off need not be waited for.
        if verdict is Predecessor.SILENT or (verdict is Predecessor.LATE and fencing.is_off(owner)):
            share.suspect(owner)
            return
        if host.now() > deadline:
            raise Refused(f"{owner} is alive: its heartbeat on {share.root} is {age:.1f} s old")
        share.want()
        host.sleep(0.1)


def release(settings: Settings, host: Host) -> None:
    share = Share(settings, host)
    share.ended(ENDS.get(os.environ.get("SERVICE_RESULT", ""), ""))
    if share.claim()[1] == share.me and share.heartbeat(share.me)[0] != RELEASED:
        share.beat(RELEASED)
