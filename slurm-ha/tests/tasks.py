"""The processes of a simulated machine."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from greenlet import greenlet

if TYPE_CHECKING:
    from tests.machine import Machine


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
