"""A cluster of two controllers in simulated time: what runs on them is the real program.

Each process is a greenlet. It gives way at every write, command and wait, so that anything can happen between two of
its steps: the machine stands still or goes off, the share holds the write, the VIP moves. Only what is around the
program is imitated: systemd, keepalived, slurmctld and the hypervisors.
"""

from collections.abc import Callable
from pathlib import Path

from greenlet import getcurrent, greenlet

from tests.machine import Machine
from tests.tasks import Off, Task


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
