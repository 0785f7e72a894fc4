"""This machine: clock, processes, systemd, addresses and writes to the share. Tests put another in its place.

What costs time to import is imported where it is used: `release` needs none of it, and the other controller
waits for that.
"""

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from slurm_ha.messages import Refused, log

UNIT = "slurmctld.service"


class CommandFailed(Exception):
    pass


class Done:
    """A command that has ended."""

    def __init__(self, code: int, stdout: str, stderr: str) -> None:
        self.code, self.stdout, self.stderr = code, stdout, stderr


class Process:
    """A command that runs beside this program."""

    def __init__(self, command: list[str], heard: bool) -> None:
        import subprocess

        out = subprocess.PIPE if heard else subprocess.DEVNULL
        self._popen = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, text=True)

    def code(self) -> int | None:
        """None while it runs."""
        return self._popen.poll()

    def hear(self, seconds: float) -> str | None:
        """What it said, once it has ended; None when it still runs after `seconds`."""
        import subprocess

        try:
            return self._popen.communicate(timeout=seconds)[0]
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        self._popen.kill()


class Unit:
    """slurmctld's unit as systemd sees it; `job` is set while systemd has something to do with it."""

    def __init__(self, active: str, pid: int, job: str) -> None:
        self.active, self.pid, self.job = active, pid, job

    @property
    def running(self) -> bool:
        return self.active in ("active", "reloading")


class Host:
    def now(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        """s since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def write(self, path: Path, text: str) -> None:
        """Write in place and wait for the server; the file's time becomes the server's."""
        fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.pwrite(fd, (text or ".").encode(), 0)
            os.ftruncate(fd, len(text) or 1)
            os.fsync(fd)
        finally:
            os.close(fd)

    def replace(self, path: Path, text: str) -> None:
        """Whoever reads sees all of the old or all of the new text."""
        new = path.with_name(f"{path.name}.new")
        self.write(new, text)
        new.rename(path)

    def link(self, old: Path, new: Path) -> None:
        """Fails when `new` is there: of two at once exactly one succeeds."""
        os.link(old, new)

    def mounts(self) -> list[str]:
        return [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]

    def user(self, name: str) -> tuple[int, int]:
        """(uid, gid)"""
        import pwd

        user = pwd.getpwnam(name)
        return user.pw_uid, user.pw_gid

    def vip_is_here(self, vip: str) -> bool:
        """An address can be bound only where it is configured (ip_nonlocal_bind is off)."""
        import socket

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            try:
                s.bind((vip, 0))
                return True
            except OSError:
                return False

    def connect(self, address: str, port: int, seconds: float) -> None:
        import socket

        socket.create_connection((address, port), seconds).close()

    @contextmanager
    def readable_by(self, uid: int, gid: int, content: bytes) -> Iterator[str]:
        """Path of a file that only this user may read, for a while."""
        import tempfile

        with tempfile.NamedTemporaryFile(dir="/run", prefix="slurm-ha.") as file:
            os.fchown(file.fileno(), uid, gid)
            file.write(content)
            file.flush()
            yield file.name

    def ask(self, *command: str, say: str | None = None) -> Done:
        """Runs a command and keeps what it says."""
        import subprocess

        done = subprocess.run(list(command), input=say, capture_output=True, text=True, errors="surrogateescape")
        return Done(done.returncode, done.stdout, done.stderr)

    def run(self, *command: str, must: bool = True) -> None:
        """Runs a command that speaks for itself. One that `must` succeed ends this program when it does not."""
        import subprocess

        try:
            subprocess.run(list(command), check=must)
        except subprocess.CalledProcessError as e:
            raise CommandFailed(str(e)) from None
        except FileNotFoundError as e:
            if must:
                raise CommandFailed(str(e)) from None
            log(str(e))

    def read(self, *command: str) -> str:
        """What a command says that must succeed."""
        import subprocess

        done = self.ask(*command)
        if done.code != 0:
            raise CommandFailed(str(subprocess.CalledProcessError(done.code, list(command))))
        return done.stdout

    def start(self, *command: str, heard: bool) -> Process:
        return Process(list(command), heard)

    def unit(self) -> Unit:
        out = self.read("systemctl", "show", UNIT, "--property=ActiveState,MainPID,Job")
        values = dict(line.split("=", 1) for line in out.splitlines())
        return Unit(values["ActiveState"], int(values["MainPID"]), values["Job"])

    def open_process(self, pid: int) -> int:
        """A handle that stays this process's, also when its number is used again."""
        return os.pidfd_open(pid)

    def wait_for_end(self, pidfd: int, seconds: float) -> bool:
        """Whether the process has ended; its handle is closed then."""
        if not select.select([pidfd], [], [], seconds)[0]:
            return False
        os.close(pidfd)
        return True

    def kill(self, pidfd: int) -> None:
        """Without giving it time to save: what it has in memory is not the truth any more."""
        try:
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        except OSError:
            pass  # it has ended, and its handle may be closed by then

    @contextmanager
    def beside(self, step: Callable[[], None], seconds: float) -> Iterator[None]:
        """Does something again and again, whatever holds the rest of this program up. Its refusal ends all of it."""
        import threading

        over = threading.Event()

        def run() -> None:
            while not over.wait(seconds):
                try:
                    step()
                except (Refused, OSError, CommandFailed) as e:
                    log(str(e))
                    os._exit(1)

        threading.Thread(target=run, daemon=True).start()
        try:
            yield
        finally:
            over.set()

    def notify(self, text: str) -> None:
        """Tells systemd."""
        import socket

        address = os.environ.get("NOTIFY_SOCKET")
        if address:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
                s.sendto(text.encode(), address.replace("@", "\0", 1) if address[0] == "@" else address)

    def renew_on_hangup(self) -> None:
        """An update of this program takes the place of the running one, under the same process id."""
        signal.signal(signal.SIGHUP, lambda *_: os.execv(sys.argv[0], sys.argv))
