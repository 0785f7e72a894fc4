"""The state share: identity, claims, heartbeats and history. Nothing here trusts a cached answer of NFS."""

import os
from pathlib import Path

from slurm_ha.host import Host
from slurm_ha.lease import Claim, waits
from slurm_ha.messages import Refused
from slurm_ha.settings import Settings

HISTORY = 200  # events of the history that are kept


class Share:
    def __init__(self, settings: Settings, host: Host) -> None:
        self.root = settings.share
        self.spool = self.root / "spool"
        self.ha = self.root / "ha"
        self.lost = self.root / "lost"
        self.log = self.root / "logs/slurmctld.log"
        self.me = settings.me
        self.stale = settings.stale
        self.local = settings.local
        self._host = host

    def check_mount(self) -> None:
        if str(self.root) not in self._host.mounts():
            raise Refused(f"{self.root} is not mounted")

    def check(self) -> None:
        """Mounted, the right one, writable, and not older than what this machine has seen."""
        self.check_mount()
        try:
            identity = (self.ha / "identity").read_text()
            expected = (self.local / "identity").read_text()
        except FileNotFoundError as e:
            raise Refused(f"no proof that {self.root} is the state share: {e.filename} is missing") from None
        if identity != expected:
            raise Refused(f"{self.root} is not the share this controller was set up with")
        self.now()
        epoch, _ = self.claim()
        seen = read_int(self.local / "epoch")
        if epoch < seen:
            raise Refused(f"{self.root} is stale: it is at epoch {epoch}, this controller has seen {seen}")
        if epoch > seen:
            (self.local / "epoch.new").write_text(f"{epoch}\n")
            (self.local / "epoch.new").rename(self.local / "epoch")

    def check_state(self) -> None:
        """A slurmctld that starts on an empty directory cancels every job."""
        if (self.ha / "had-state").exists() and not self.has_state():
            raise Refused(f"{self.spool} has no job state although the cluster has had one; restore it")

    def has_state(self) -> bool:
        return any((self.spool / f).exists() for f in ("job_state", "job_state.old"))

    def note_state(self) -> None:
        """From the first job state on an empty directory is not a new cluster's."""
        if self.has_state() and not (self.ha / "had-state").exists():
            (self.ha / "had-state").touch()

    def config(self) -> str:
        """slurm.conf as it is wanted."""
        return (self.root / "config/slurm.conf").read_text()

    def pushed(self) -> str:
        """slurm.conf of which slurmctld has been told all changes; "" when there never was one."""
        path = self.ha / "pushed.conf"
        return path.read_text() if path.exists() else ""

    def push(self, text: str) -> None:
        self._host.replace(self.ha / "pushed.conf", text)

    def now(self) -> float:
        """The share's own time; proves that it is writable."""
        clock = self.ha / f"clock.{self.me}"
        self._host.write(clock, "")
        return mtime(clock)

    def claim(self) -> Claim:
        """(epoch, owner) of the newest claim; (0, "") when there never was one."""
        epochs = [int(p.name[6:]) for p in self.ha.glob("epoch.*") if p.name[6:].isdigit()]
        if not epochs:
            return 0, ""
        return max(epochs), (self.ha / f"epoch.{max(epochs)}").read_text().strip()

    def take(self, epoch: int) -> None:
        """Claims `epoch`; of two that try at once exactly one succeeds."""
        mine = self.ha / f"claim.{self.me}"
        self._host.write(mine, f"{self.me}\n")
        try:
            self._host.link(mine, self.ha / f"epoch.{epoch}")
        except FileExistsError:
            raise Refused(f"another controller claimed epoch {epoch} at the same moment") from None
        finally:
            mine.unlink()
        for old in self.ha.glob("epoch.*"):
            if old.name[6:].isdigit() and int(old.name[6:]) < epoch - 20:
                old.unlink()

    def suspects(self) -> list[str]:
        """Controllers whose slurmctld fell silent without a release: they may still write."""
        return sorted(p.name[6:] for p in self.ha.glob("fence.*"))

    def suspect(self, name: str) -> None:
        (self.ha / f"fence.{name}").touch()

    def clear(self, name: str) -> None:
        """Its slurmctld has ended for certain."""
        (self.ha / f"fence.{name}").unlink(missing_ok=True)

    def ended(self, how: str = "") -> None:
        """This machine's own slurmctld has: in the history before anybody may rely on it."""
        if self.last(self.me).startswith("start "):
            self.record(f"end {how}".rstrip())
        self.clear(self.me)

    def want(self) -> None:
        """Tells the owner that this machine holds the VIP and waits for the state."""
        self._host.write(self.ha / f"want.{self.me}", "")

    def wanted(self) -> str:
        """The other controller that waits for the state now, or ""."""
        for path in self.ha.glob("want.*"):
            if path.name[5:] != self.me and waits(self.now() - mtime(path), self.stale):
                return path.name[5:]
        return ""

    def record(self, event: str) -> None:
        """The history that an audit reads: who wrote the state from when to when, by the share's clock."""
        lines = [*self.events(), f"{self.now():.3f} {event}", ""]
        self._host.write(self.ha / f"history.{self.me}", "\n".join(lines))

    def last(self, name: str) -> str:
        """What a controller did last; "" when nothing is known, or the line is torn by a power loss."""
        return "".join(self.events(name)[-1:]).partition(" ")[2]

    def events(self, name: str = "") -> list[str]:
        path = self.ha / f"history.{name or self.me}"
        return path.read_text().splitlines()[-HISTORY:] if path.exists() else []

    def beat(self, word: str) -> None:
        self._host.write(self.ha / f"heartbeat.{self.me}", f"{word}\n")

    def heartbeat(self, owner: str) -> tuple[str, float]:
        """(word, age in s) of a controller; ("none", infinite) when it never wrote one."""
        path = self.ha / f"heartbeat.{owner}"
        try:
            with path.open() as f:
                return f.read().strip(), self.now() - os.fstat(f.fileno()).st_mtime
        except FileNotFoundError:
            return "none", float("inf")


def mtime(path: Path) -> float:
    with path.open() as f:  # opening makes an NFS client ask the server
        return os.fstat(f.fileno()).st_mtime


def read_int(path: Path) -> int:
    return int(path.read_text()) if path.exists() else 0
