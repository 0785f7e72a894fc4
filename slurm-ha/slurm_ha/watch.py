"""The fitness of this machine to hold the VIP: it lasts as long as the watch does."""

from slurm_ha.guard import release
from slurm_ha.host import Host, Process
from slurm_ha.lease import BEAT, HELD, answers, gave_up, owns
from slurm_ha.messages import Refused
from slurm_ha.network import acknowledge_at_once
from slurm_ha.settings import Settings
from slurm_ha.share import Share
from slurm_ha.unsaved import check_release

TICK = 0.25  # s between two looks
PROBE = 1.0  # s between two questions to slurmctld


def watch(settings: Settings, host: Host) -> None:
    """Ends as soon as this machine is not fit to hold the VIP; its end makes keepalived give it up."""
    host.renew_on_hangup()
    share = Share(settings, host)
    share.check()
    share.check_state()
    check_release(share, settings.states)
    if not host.vip_is_here(settings.vip) and host.unit().active in ("inactive", "failed"):
        # After a reboot: the slurmctld that was here has ended without a word, but for certain. None can
        # start meanwhile: keepalived gives the VIP to a machine whose watch is ready.
        release(settings, host)
    acknowledge_at_once(settings, host)
    host.notify(f"READY=1\nWATCHDOG_USEC={round(settings.watchdog * 1e6)}")
    probe = Probe(settings, host)
    watching = Watch(settings, host, share, probe)
    with host.beside(probe.step, TICK):
        while True:
            watching.look()
            probe.looked()
            watching.wait()


class Watch:
    """What is to be seen on the share and of the unit. The share may hold it up."""

    def __init__(self, settings: Settings, host: Host, share: Share, probe: "Probe") -> None:
        self._host, self._share, self._vip = host, share, settings.vip
        self._probe = probe
        self._pidfd: int | None = None  # of the slurmctld that runs
        self._pid = 0
        self._epoch = 0  # that it was started with
        self._since: float | None = None  # when the VIP came
        self._served = False  # slurmctld has run since then
        self._beaten = 0.0

    def look(self) -> None:
        now = self._host.now()
        here = self._host.vip_is_here(self._vip)
        self._since = (self._since or now) if here else None
        self._served = self._served and here
        if self._pidfd is None and (here or self._pid):
            self._find(now)
        if self._pidfd is not None:
            self._watch_running(self._pidfd, now, here)
        elif now - self._beaten >= 2 * BEAT:
            self._share.check()
            self._share.check_state()
            self._beaten = now

    def wait(self) -> None:
        """Until the next look; a slurmctld that ends is seen at once."""
        if self._pidfd is None:
            # Between its end and systemd's word on it every look counts: the VIP is still here.
            self._host.sleep(TICK / 5 if self._served else TICK)
        elif self._host.wait_for_end(self._pidfd, TICK):
            self._probe.ask_of(None)
            self._pidfd = None

    def _find(self, now: float) -> None:
        unit = self._host.unit()
        self._pid = unit.pid if unit.running else 0
        if self._pid:
            self._pidfd = self._host.open_process(self._pid)
            self._epoch, self._served = self._share.claim()[0], True
            self._probe.ask_of(self._pidfd)
        elif self._since is not None and gave_up(
            unit.active, unit.job, self._served, now - self._since, self._share.stale
        ):
            raise Refused(f"slurmctld is {unit.active} although the VIP is here")

    def _watch_running(self, pidfd: int, now: float, here: bool) -> None:
        share = self._share
        if not owns(share.claim(), self._epoch, share.me):
            self._host.kill(pidfd)
            raise Refused("another controller owns the state: killed slurmctld")
        if now - self._beaten >= BEAT:
            share.check()
            share.beat(HELD)
            self._beaten = now
            if here:
                self._yield_to_other()
            share.note_state()

    def _yield_to_other(self) -> None:
        other = self._share.wanted()
        if other:
            # Two hold the VIP: keepalived here hears nobody, or hangs. systemd wakes it up and ends it;
            # its end takes the VIP off this machine and stops slurmctld in good order.
            self._host.run("systemctl", "--no-block", "restart", "keepalived.service")
            raise Refused(f"{other} holds the VIP too and waits for the state")


class Probe:
    """Runs beside the watch, so that the share cannot hold it up: asks slurmctld once a second whether it answers.

    Tells systemd that the watch lives, as long as the share does not hold that up for longer than it may.
    """

    def __init__(self, settings: Settings, host: Host) -> None:
        self._settings, self._host = settings, host
        self._looked = self._stepped = host.now()
        self._asked: Asked | None = None

    def looked(self) -> None:
        """Said by the watch each time that the share has answered."""
        self._looked = self._host.now()

    def ask_of(self, pidfd: int | None) -> None:
        """Of this slurmctld, or of none."""
        self._asked = None if pidfd is None else Asked(pidfd, self._settings.answer, self._host)

    def step(self) -> None:
        now = self._host.now()
        if now - self._looked <= self._settings.share_patience:
            self._host.notify("WATCHDOG=1")
        # A machine that stands still does not hear answers either.
        stood_still = max(0.0, now - self._stepped - PROBE)
        self._stepped = now
        asked = self._asked
        # One that is just ending answers nobody and saves the state: systemd has a limit for that.
        if asked and not asked.good(now, stood_still) and self._host.unit().active != "deactivating":
            self._host.kill(asked.pidfd)
            raise Refused("slurmctld does not answer: killed it")


class Asked:
    """What one slurmctld was asked, and whether it has answered."""

    def __init__(self, pidfd: int, limit: float, host: Host) -> None:
        self.pidfd, self._limit, self._host = pidfd, limit, host
        self._running: Process | None = None
        self._last = 0.0
        self._since: float | None = None  # the oldest question that has had no answer
        self._loaded = False

    def good(self, now: float, stood_still: float) -> bool:
        if self._since is not None:
            self._since += stood_still
        if self._running and (code := self._running.code()) is not None:
            if code == 0:
                self._since, self._loaded = None, True
            self._running = None
        if not self._running and now - self._last >= PROBE:
            self._running = self._host.start("timeout", str(self._limit), "scontrol", "ping", heard=False)
            self._last = now
            self._since = now if self._since is None else self._since
        return self._since is None or answers(now - self._since, self._loaded, self._limit)
