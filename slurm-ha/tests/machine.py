"""One of the simulated controllers: what keepalived, systemd and the power do to it, and its slurmctld."""

from typing import TYPE_CHECKING

from slurm_ha.guard import guard, release
from slurm_ha.host import CommandFailed
from slurm_ha.messages import Refused
from slurm_ha.settings import Settings
from slurm_ha.share import Share
from slurm_ha.watch import watch
from tests.fake import settings_of
from tests.simulated import SimulatedHost
from tests.tasks import Off, Task, Terminated

if TYPE_CHECKING:
    from tests.world import World

NEVER = float("inf")
STALE, ANSWER, WATCHDOG = 2.0, 2.5, 3.0  # s, as a site has them
BOOT = 1.0
LOAD = 0.5  # s until a slurmctld answers
RESTART = 3.0  # RestartSec of the watch
SAVE = 0.3  # s that slurmctld takes to end in good order


class Slurmctld:
    def __init__(self, pid: int, loaded: float) -> None:
        self.pid, self.loaded = pid, loaded
        self.hangs = self.ended = False


class Machine:
    def __init__(self, world: "World", name: str) -> None:
        self.world, self.name = world, name
        self.settings: Settings = settings_of(world.root, name, STALE, ANSWER, WATCHDOG)
        self.settings.local.mkdir(parents=True)
        self.host = SimulatedHost(world, self)
        self.up = self.ready = self.vip = self.start_wanted = False
        self.unit = "inactive"
        self.slurmctld: Slurmctld | None = None
        self.pids = 0
        self.still_until = 0.0
        self.fencing = "works"  # of this machine: works | refuses | ignores
        self.held: float = 0  # s that its next write takes
        self.still_after: tuple[int, float] | None = None  # so many steps until it stands still for so many s
        self.latency = 0.002
        self.petted = NEVER
        self.disturbed = -NEVER  # when it last stood still, or its share did
        self.watch_task: Task | None = None
        self.unit_task: Task | None = None

    # The power.

    def power_on(self) -> None:
        if self.up:
            return
        self.up = True
        self.still_until = 0.0
        self.unit_task = self.world.spawn(self, self._systemd, BOOT)
        self.watch_task = self.world.spawn(self, self._slurm_watch, BOOT)
        self.world.spawn(self, self._watchdog, BOOT)

    def power_off(self) -> None:
        self.up = self.ready = self.vip = self.start_wanted = False
        self.petted, self.still_until, self.still_after, self.held = NEVER, 0.0, None, 0
        if self.slurmctld:
            self.slurmctld.ended = True
        self.unit = "inactive"
        for task in self.world.tasks.values():
            if task.machine is self:
                self.world.end(task, Off)

    def stand_still(self, seconds: float) -> None:
        self.still_until = max(self.still_until, self.world.now + seconds)
        self.disturbed = self.still_until

    # keepalived.

    def take_vip(self) -> None:
        if self.ready and not self.vip:
            self.vip = self.start_wanted = True
            self._wake()

    def lose_vip(self) -> None:
        if not self.vip:
            return
        self.vip = self.start_wanted = False
        if self.unit == "activating" and self.unit_task:
            self.world.end(self.unit_task, Terminated)
        elif self.unit == "active":
            self.unit = "deactivating"
            self._wake()

    def _wake(self) -> None:
        if self.unit_task and self.unit_task.wake == NEVER:
            self.unit_task.wake = self.world.now

    # systemd.

    def _systemd(self) -> None:
        """slurmctld.service."""
        while True:
            while not self.start_wanted:
                self.world.wait(NEVER)
            self.start_wanted = False
            self.unit = "activating"
            try:
                guard(self.settings, self.host)
            except (Refused, OSError, CommandFailed) as e:
                self.says(e)
                failed = True
            except Terminated:  # stopped while it starts
                failed = True
            else:
                failed = self._run_slurmctld()
            self.unit = "deactivating"
            try:
                release(self.settings, self.host)
            except (Refused, OSError, CommandFailed) as e:
                self.says(e)
            self.unit = "failed" if failed else "inactive"

    def _run_slurmctld(self) -> bool:
        self.unit, self.pids = "active", self.pids + 1
        running = [m.name for m in self.world.writers()]
        if running:
            self.world.violations.append(f"{self.world.now:.3f}: {self.name} writes beside {running}")
        self.slurmctld = slurmctld = Slurmctld(self.pids, self.world.now + LOAD)
        while not slurmctld.ended and self.unit == "active":
            self.world.wait(NEVER)
        if not slurmctld.ended:
            self.world.wait(10 if slurmctld.hangs else SAVE)
            slurmctld.ended = True
            return False
        return True

    def end_slurmctld(self) -> None:
        """Killed, by whomever."""
        if self.slurmctld and not self.slurmctld.ended:
            self.slurmctld.ended = True
            self._wake()

    def _slurm_watch(self) -> None:
        while True:
            try:
                watch(self.settings, self.host)
            except (Refused, OSError, CommandFailed) as e:
                self.says(e)
            except Terminated:  # by the watchdog
                self.says("the watch hung")
            self.ready, self.petted = False, NEVER
            self.lose_vip()
            self.world.wait(RESTART)

    def _watchdog(self) -> None:
        while True:
            self.world.wait(0.2)
            if self.world.now - self.petted > WATCHDOG and self.watch_task:
                self.petted = NEVER
                self.world.end(self.watch_task, Terminated)

    def killed_by_watch(self) -> None:
        """Judges it: the watch may kill what hangs, and what has lost the state to the other."""
        slurmctld = self.slurmctld
        if slurmctld and not slurmctld.ended:
            owner = Share(self.settings, self.host).claim()[1]
            if not slurmctld.hangs and owner == self.name:
                self.world.violations.append(f"{self.world.now:.3f}: {self.name} killed a slurmctld that answers")
        self.end_slurmctld()

    def switched_off(self) -> None:
        """By its hypervisor. Judges it: one that is well must not be."""
        quiet = self.world.now - self.disturbed
        slurmctld = self.slurmctld
        if slurmctld and not (slurmctld.ended or slurmctld.hangs) and quiet > 20:
            self.world.violations.append(f"{self.world.now:.3f}: {self.name} switched off although it is well")
        self.power_off()

    def says(self, error: Exception | str) -> None:
        self.world.said.append(f"{self.world.now:.3f} {self.name}: {error}")
