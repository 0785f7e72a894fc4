"""A cluster of two controllers in simulated time: what runs on them is the real program.

Each process is a greenlet. It gives way at every write, command and wait, so that anything can happen between two of
its steps: the machine stands still or goes off, the share holds the write, the VIP moves. Only what is around the
program is imitated: systemd, keepalived, slurmctld and the hypervisors.
"""

from collections.abc import Callable
from pathlib import Path

from greenlet import getcurrent, greenlet

from slurm_ha.guard import guard, release
from slurm_ha.host import CommandFailed
from slurm_ha.messages import Refused
from slurm_ha.settings import Settings
from slurm_ha.share import Share
from slurm_ha.watch import watch
from tests.fake import settings_of

NEVER = float("inf")
STALE, ANSWER, WATCHDOG = 2.0, 2.5, 3.0  # s, as a site has them
BOOT = 1.0
LOAD = 0.5  # s until a slurmctld answers
RESTART = 3.0  # RestartSec of the watch
SAVE = 0.3  # s that slurmctld takes to end in good order


class Terminated(BaseException):
    """A signal; no handler of the program sees it."""


class Off(BaseException):
    """The power."""


class Task:
    def __init__(self, machine: "Machine", run: Callable[[], None], hub: greenlet) -> None:
        self.machine, self.greenlet = machine, greenlet(self._run, hub)
        self._work = run
        self.wake = 0.0
        self.end: type[BaseException] | None = None

    def _run(self) -> None:
        try:
            if self.end is None:
                self._work()
        except (Terminated, Off):
            pass


class Slurmctld:
    def __init__(self, pid: int, loaded: float) -> None:
        self.pid, self.loaded = pid, loaded
        self.hangs = self.ended = False


class World:
    def __init__(self, root: Path) -> None:
        self.now = 1000.0
        self.hub = getcurrent()
        self.tasks: dict[greenlet, Task] = {}
        self.violations: list[str] = []
        self.said: list[str] = []
        self.root = root
        share = root / "share"
        for name in ("config", "spool", "ha"):
            (share / name).mkdir(parents=True)
        (share / "config/slurm.conf").write_text("ClusterName=test\n")
        (share / "ha/identity").write_text("test 1\n")
        self.machines = [Machine(self, "m1"), Machine(self, "m2")]
        for machine in self.machines:
            (machine.settings.local / "identity").write_text("test 1\n")
            machine.power_on()

    def spawn(self, machine: "Machine", run: Callable[[], None], delay: float = 0.0) -> Task:
        task = Task(machine, run, self.hub)
        task.wake = self.now + delay
        self.tasks[task.greenlet] = task
        return task

    def wait(self, seconds: float) -> None:
        """Called by what is simulated: others run meanwhile."""
        task = self.tasks[getcurrent()]
        task.wake = self.now + seconds
        self.hub.switch()
        if task.end:
            end, task.end = task.end, None
            raise end

    def end(self, task: Task, how: type[BaseException]) -> None:
        task.end, task.wake = how, self.now

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self.tasks:
            due = min(self.tasks.values(), key=self._due)
            at = self._due(due)
            if at > end:
                break
            self.now = max(self.now, at)
            due.greenlet.switch()
            if due.greenlet.dead:
                del self.tasks[due.greenlet]
            if not any(m.vip for m in self.machines):
                self._elect()
        self.now = end

    def _due(self, task: Task) -> float:
        return task.wake if task.end is Off else max(task.wake, task.machine.still_until)

    def _elect(self) -> None:
        """keepalived: a machine whose watch is ready takes a VIP that nobody has."""
        for machine in self.machines:
            if machine.ready and self.now >= machine.still_until:
                machine.take_vip()
                return

    def writers(self) -> list["Machine"]:
        return [m for m in self.machines if m.slurmctld and not m.slurmctld.ended]

    def other(self, machine: "Machine") -> "Machine":
        return self.machines[1 - self.machines.index(machine)]

    def close(self) -> None:
        for task in self.tasks.values():
            if task.greenlet:  # it has begun
                task.greenlet.throw(Off)


class Machine:
    def __init__(self, world: World, name: str) -> None:
        from tests.simulated import SimulatedHost

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
                excused = self.world.now - self.disturbed < ANSWER + 1
                self.world.violations.append(
                    f"{'35, ' if excused else ''}{self.world.now:.3f}: {self.name} killed a slurmctld that answers"
                )
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
