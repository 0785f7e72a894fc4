"""The program's machine, in simulated time."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from slurm_ha.host import CommandFailed, Process, Unit
from slurm_ha.messages import Refused
from tests.fake import FakeHost
from tests.tasks import Terminated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.machine import Machine
    from tests.world import World

    Result = Callable[[], tuple[int, str]]


class SimulatedProcess(Process):
    """Runs `seconds`, and then finds its exit code."""

    def __init__(self, world: "World", machine: "Machine", seconds: float, result: "Result") -> None:
        self._world, self._machine, self._result = world, machine, result
        self._seconds = seconds
        self._code: int | None = None
        self._said = ""
        self._task = world.spawn(machine, self._run)

    def _run(self) -> None:
        self._world.wait(self._seconds)
        if self._code is None:
            self._code, self._said = self._result()

    def code(self) -> int | None:
        return self._code

    def hear(self, seconds: float) -> str | None:
        end = self._world.now + seconds
        while self._code is None and self._world.now < end:
            self._world.wait(min(0.05, end - self._world.now))
        return None if self._code is None else self._said

    def kill(self) -> None:
        self._code = -9


class SimulatedHost(FakeHost):
    def __init__(self, world: "World", machine: "Machine") -> None:
        super().__init__(world.root / "share")
        self._world, self._machine = world, machine

    def now(self) -> float:
        return self._world.now

    def sleep(self, seconds: float) -> None:
        self._world.wait(seconds)

    def _step(self, seconds: float = 0.0) -> None:
        machine = self._machine
        if machine.still_after is not None:
            steps, still = machine.still_after
            machine.still_after = (steps - 1, still) if steps > 0 else None
            if steps <= 0:
                machine.stand_still(still)
        self._world.wait(seconds)

    def write(self, path: Path, text: str) -> None:
        held, self._machine.held = self._machine.held, 0
        if held:
            self._machine.disturbed = max(self._machine.disturbed, self._world.now + held)
        self._step(self._machine.latency + held)
        super().write(path, text)

    def link(self, old: Path, new: Path) -> None:
        self._step(self._machine.latency)
        super().link(old, new)

    def vip_is_here(self, vip: str) -> bool:
        return self._machine.vip

    def connect(self, address: str, port: int, seconds: float) -> None:
        self._step(0.001)

    def read(self, *command: str) -> str:
        self._step(0.005)
        return super().read(*command)

    def run(self, *command: str, must: bool = True) -> None:
        self._step(0.005)
        if command[0] == "systemd-run":
            other = self._world.other(self._machine)
            self._world.spawn(other, other.power_on, 0.3)
        else:  # restart of keepalived
            self._machine.lose_vip()

    def start(self, *command: str, heard: bool) -> Process:
        machine = self._machine
        if command[0] == "timeout":
            return SimulatedProcess(self._world, machine, *self._ping(float(command[1])))
        other = self._world.other(machine)
        action = command[command.index("-o") + 1]
        if other.fencing == "refuses":
            return SimulatedProcess(self._world, machine, 1.0, lambda: (1, "no"))

        def fence() -> tuple[int, str]:
            if action == "status":
                return 0 if other.up else 2, ""
            if other.fencing == "works":
                other.switched_off()
            return 0, ""

        return SimulatedProcess(self._world, machine, 0.1, fence)

    def _ping(self, limit: float) -> "tuple[float, Result]":
        slurmctld = self._machine.slurmctld
        if slurmctld and slurmctld.hangs:
            return limit, lambda: (124, "")
        answers = slurmctld is not None and not slurmctld.ended and self._world.now >= slurmctld.loaded
        return 0.02, lambda: (0 if answers else 1, "")

    def unit(self) -> Unit:
        self._step(0.005)
        machine = self._machine
        running = machine.slurmctld if machine.unit in ("active", "deactivating") else None
        pid = running.pid if running and not running.ended else 0
        return Unit(machine.unit, pid, "7" if machine.start_wanted else "")

    def open_process(self, pid: int) -> int:
        return pid

    def wait_for_end(self, pidfd: int, seconds: float) -> bool:
        end = self._world.now + seconds
        while True:
            slurmctld = self._machine.slurmctld
            if not slurmctld or slurmctld.pid != pidfd or slurmctld.ended:
                return True
            if self._world.now >= end:
                return False
            self._world.wait(min(0.05, end - self._world.now))

    def kill(self, pidfd: int) -> None:
        slurmctld = self._machine.slurmctld
        if slurmctld and slurmctld.pid == pidfd:
            self._machine.killed_by_watch()

    @contextmanager
    def beside(self, step: "Callable[[], None]", seconds: float) -> "Iterator[None]":
        machine, world = self._machine, self._world

        def run() -> None:
            while True:
                world.wait(seconds)
                try:
                    step()
                except (Refused, OSError, CommandFailed) as e:
                    machine.says(e)
                    if machine.watch_task:
                        world.end(machine.watch_task, Terminated)
                    return

        task = world.spawn(machine, run)
        try:
            yield
        finally:
            world.end(task, Terminated)

    def notify(self, text: str) -> None:
        self._machine.ready = True
        self._machine.petted = self._world.now
