"""The real machine, as far as any machine has it."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from slurm_ha.host import CommandFailed, Host


def test_commands() -> None:
    host = Host()
    assert host.ask("cat", say="text").stdout == "text"
    assert host.read("echo", "a") == "a\n"
    with pytest.raises(CommandFailed, match=r"^Command '\['false'\]' returned non-zero exit status 1\.$"):
        host.read("false")
    with pytest.raises(CommandFailed, match=r"^Command '\['false'\]' returned non-zero exit status 1\.$"):
        host.run("false")
    host.run("false", must=False)
    host.run("no-such-command", must=False)
    with pytest.raises(CommandFailed, match="no-such-command"):
        host.run("no-such-command")
    assert "/" in host.mounts()
    assert host.user("root") == (0, 0)


def test_process() -> None:
    process = Host().start("sh", "-c", "echo said >&2; exit 2", heard=True)
    assert process.hear(10) == "said\n"
    assert process.code() == 2
    slow = Host().start("sleep", "60", heard=True)
    assert slow.hear(0.01) is None
    slow.kill()
    assert slow.hear(10) == ""
    assert slow.code() == -signal.SIGKILL


def test_addresses() -> None:
    assert Host().vip_is_here("127.0.0.1")
    assert not Host().vip_is_here("192.0.2.9")


def test_kill_and_end() -> None:
    host = Host()
    with subprocess.Popen(["sleep", "60"]) as process:
        pidfd = host.open_process(process.pid)
        assert not host.wait_for_end(pidfd, 0)
        host.kill(pidfd)
        assert host.wait_for_end(pidfd, 10)
        assert process.wait() == -signal.SIGKILL


BESIDE = """
import sys, time
sys.path.insert(0, {package!r})
from slurm_ha.host import Host
from slurm_ha.messages import Refused

steps = 0

def step():
    global steps
    steps += 1
    if steps == 3:
        raise Refused("no more")

with Host().beside(step, 0.01):
    time.sleep(60)
"""


def test_what_runs_beside_ends_what_is_held_up() -> None:
    package = str(Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", BESIDE.format(package=package)], capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stderr) == (1, "slurm-ha: no more\n")


def test_what_runs_beside_ends_with_the_rest() -> None:
    steps: list[int] = []
    with Host().beside(lambda: steps.append(1), 0.005):
        while len(steps) < 2:
            time.sleep(0.005)
    time.sleep(0.05)
    seen = len(steps)
    time.sleep(0.05)
    assert len(steps) == seen


def test_notify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        Host().notify("READY=1")
        assert s.recv(100) == b"READY=1"


def test_a_hangup_renews_the_program(tmp_path: Path) -> None:
    """As an update of the running watch does it: the file is another one by then."""
    program = tmp_path / "program"
    package = Path(__file__).parents[1]
    begin = f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(package)!r})\n"
    program.write_text(
        begin + "from slurm_ha.host import Host\nimport time\nHost().renew_on_hangup()\n"
        "print('old', flush=True)\ntime.sleep(60)\n"
    )
    program.chmod(0o755)
    with subprocess.Popen([program, "watch"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "old\n"
        new = tmp_path / "new"
        new.write_text(begin + "import os\nprint('new', os.getpid(), sys.argv[1])\n")
        new.chmod(0o755)
        new.rename(program)
        os.kill(process.pid, signal.SIGHUP)
        assert process.stdout.readline() == f"new {process.pid} watch\n"
