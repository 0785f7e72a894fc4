"""Switching the other controller off, through its hypervisor or by the operator's word."""

from slurm_ha.host import Host
from slurm_ha.lease import BEAT, HELD, shows_life
from slurm_ha.messages import Refused, log
from slurm_ha.settings import Settings
from slurm_ha.share import Share

FENCE_KEY = "/etc/slurm/fence.key"
FENCE_SECONDS = 5.0  # s for one question to the hypervisor; it takes a tenth of one
OFF = 2  # exit code of fence_virt's question for the status: the machine is off


class Fencing:
    def __init__(self, settings: Settings, host: Host, share: Share) -> None:
        self._settings, self._host, self._share = settings, host, share

    def switch_off(self, name: str) -> None:
        """Off through its hypervisor; on again once it is certain that it was off."""
        began = self._host.now()
        if self._ask(name, "status") == OFF:
            log(f"{name} is off")
            return
        self._ask(name, "off")
        if self._ask(name, "status") != OFF:
            raise Refused(f"{name} does not go off; once it is for certain: slurm-ha fenced {name}")
        log(f"{name} switched off in {self._host.now() - began:.1f} s")
        # It comes back as backup. In a unit of its own, so that the start of slurmctld need not wait for it.
        on = ["systemd-run", "--quiet", "--collect", "--no-block", *self._command(name, "on")]
        self._host.run(*on, must=False)

    def is_off(self, name: str) -> bool:
        try:
            return self._ask(name, "status", BEAT) == OFF
        except Refused:
            return False

    def _ask(self, name: str, action: str, seconds: float = FENCE_SECONDS) -> int | None:
        """Exit code of the question. Heartbeats go on meanwhile: a claim is alive."""
        process = self._host.start(*self._command(name, action), heard=True)
        deadline = self._host.now() + seconds
        while (said := process.hear(BEAT)) is None:
            self._share.beat(HELD)
            if self._host.now() > deadline:
                process.kill()
        if process.code() not in (0, OFF):
            raise Refused(
                f"the hypervisor of {name} did not {action} it ({said.strip() or 'no answer'}); "
                f"once it is off for certain: slurm-ha fenced {name}"
            )
        return process.code()

    def _command(self, name: str, action: str) -> list[str]:
        return fence_command(self._settings, name, action)


def fence_command(settings: Settings, name: str, action: str) -> list[str]:
    address, port, domain = settings.fencing(name)
    return ["fence_virt", "-T", address, "-p", port, "-k", FENCE_KEY, "-n", domain, "-o", action, "-t", "4"]


def try_fencing(settings: Settings, host: Host) -> None:
    """Whether the other controller could be switched off: its hypervisor is asked how it is. Asked twice."""
    for name in settings.fenced:
        command = fence_command(settings, name, "status")
        for _ in range(2):
            done = host.ask(*command)
            if done.code in (0, OFF):
                break
        else:
            said = (done.stderr + done.stdout).strip().partition("\n")[0]
            address, port, _ = settings.fencing(name)
            raise Refused(
                f"{name} could not be fenced: fence_virtd of its hypervisor, {address}:{port}, "
                f"does not say how it is ({said or 'no answer'})"
            )


def fenced(settings: Settings, host: Host, name: str) -> None:
    """For a hypervisor that is dead too. Refuses while there are signs of life."""
    share = Share(settings, host)
    if name not in share.suspects():
        raise Refused(f"nobody waits for {name} to be off; waited for: {', '.join(share.suspects()) or 'nobody'}")
    word, age = share.heartbeat(name)
    if shows_life(word, age, share.stale):
        raise Refused(f"{name} is alive: its heartbeat is {age:.1f} s old")
    share.clear(name)
