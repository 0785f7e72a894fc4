"""A machine of which a test says what it sees."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from slurm_ha.host import CommandFailed, Done, Host, Process, Unit
from slurm_ha.settings import Settings

ROUTES = '[{"dev": "eth0", "prefsrc": "192.0.2.1"}]'


def settings_of(
    root: Path, me: str, stale: float = 2.0, answer: float = 2.5, watchdog: float = 3.0, more: str = ""
) -> Settings:
    path = root / f"settings.{me}"
    path.write_text(
        f"# A comment.\n\nCLUSTER=test\nSELF={me}\nVIP=192.0.2.9\nSHARE={root / 'share'}\nSTALE_SECONDS={stale}\n"
        f"ANSWER_SECONDS={answer}\nWATCHDOG_SECONDS={watchdog}\nDBD_SILENT_SECONDS=0.3\n"
        f"CONTROLLERS=192.0.2.1 192.0.2.2\nDBD_PORT=6819\nFENCE_m1=192.0.2.101 1229 m1\n"
        f"FENCE_m2=192.0.2.101 1229 m2\n{more}"
    )
    return Settings(path, root / f"local.{me}", root / f"applied.{me}", root / f"start.{me}")


class FakeProcess(Process):
    """Ends after so many seconds of the fake machine."""

    def __init__(self, host: "FakeHost", code: int, said: str = "", seconds: float = 0.0) -> None:
        self._host, self._end = host, host.now() + seconds
        self._result, self._said = code, said

    def code(self) -> int | None:
        return self._result if self._host.now() >= self._end else None

    def hear(self, seconds: float) -> str | None:
        self._host.sleep(min(seconds, max(0.0, self._end - self._host.now())))
        return self._said if self.code() is not None else None

    def kill(self) -> None:
        self._end, self._result = self._host.now(), -9


class FakeHost(Host):
    def __init__(self, share: Path) -> None:
        self.share = share
        self.time = 1000.0
        self.vip = True
        self.mounted = True
        self.systemd = Unit("inactive", 0, "")
        self.codes: dict[str, list[int]] = {}  # exit codes of a command by its beginning; the last one stays
        self.says: dict[str, str] = {}  # what a command says by its beginning
        self.ran: list[str] = []
        self.told: list[str] = []
        self.said: list[str] = []  # to commands
        self.killed: list[int] = []
        self.refuses: type[OSError] | None = None  # what connecting to slurmdbd ends with
        self.processes: Callable[[str], Process] = lambda command: FakeProcess(self, 0)
        self.asleep: Callable[[], None] = lambda: None  # what happens meanwhile
        self.running = True
        self.aside: Callable[[], None] | None = None  # what runs beside

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.asleep()
        if self.aside:
            self.aside()

    @contextmanager
    def beside(self, step: Callable[[], None], seconds: float) -> Iterator[None]:
        self.aside = step
        yield

    def write(self, path: Path, text: str) -> None:
        path.write_text(text or ".")
        os.utime(path, (self.now(), self.now()))

    def mounts(self) -> list[str]:
        return ["/", str(self.share)] if self.mounted else ["/"]

    def user(self, name: str) -> tuple[int, int]:
        return os.getuid(), os.getgid()

    def vip_is_here(self, vip: str) -> bool:
        return self.vip

    def connect(self, address: str, port: int, seconds: float) -> None:
        if self.refuses:
            raise self.refuses

    def _code(self, command: tuple[str, ...]) -> int:
        line = " ".join(command)
        self.ran.append(line)
        for beginning, codes in self.codes.items():
            if line.startswith(beginning):
                return codes.pop(0) if len(codes) > 1 else codes[0]
        return 0

    @contextmanager
    def readable_by(self, uid: int, gid: int, content: bytes) -> Iterator[str]:
        path = self.share / "readable"
        path.write_bytes(content)
        yield str(path)

    def ask(self, *command: str, say: str | None = None) -> Done:
        self.said += [say] if say is not None else []
        line = " ".join(command)
        said = next((text for beginning, text in reversed(self.says.items()) if line.startswith(beginning)), "")
        return Done(self._code(command), ROUTES if command[0] == "ip" else said, "")

    def run(self, *command: str, must: bool = True) -> None:
        if self._code(command) and must:
            raise CommandFailed(" ".join(command))

    def start(self, *command: str, heard: bool) -> Process:
        self.ran.append(" ".join(command))
        return self.processes(" ".join(command))

    def unit(self) -> Unit:
        return self.systemd

    def open_process(self, pid: int) -> int:
        return pid + 10000

    def wait_for_end(self, pidfd: int, seconds: float) -> bool:
        self.sleep(seconds)
        return not self.running

    def kill(self, pidfd: int) -> None:
        self.killed.append(pidfd)

    def notify(self, text: str) -> None:
        self.told.append(text)

    def renew_on_hangup(self) -> None:
        pass
