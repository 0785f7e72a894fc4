"""The settings that Ansible writes."""

from pathlib import Path

from slurm_ha.messages import Refused

DEFAULTS = Path("/etc/default/slurm-ha")
LOCAL = Path("/var/lib/slurm-ha")  # what this machine knows about the share, kept over reboots
START = Path("/run/slurm-ha.start")  # environment of the slurmctld that starts next
APPLIED = Path("/run/slurm-ha.applied.conf")  # slurm.conf as the running slurmctld knows it


class Settings:
    """Read at the first question: a command needs only what it asks for."""

    def __init__(
        self, path: Path = DEFAULTS, local: Path = LOCAL, applied: Path = APPLIED, start: Path = START
    ) -> None:
        self._path = path
        self._values: dict[str, str] = {}
        self.local = local
        self.applied = applied
        self.start = start

    def text(self, name: str) -> str:
        if not self._values:
            for line in self._path.read_text().splitlines():
                if line and line[0] != "#":
                    key, value = line.split("=", 1)
                    self._values[key] = value
        if name not in self._values:
            raise Refused(f"{self._path} does not set {name}")
        return self._values[name]

    @property
    def me(self) -> str:
        return self.text("SELF")

    @property
    def cluster(self) -> str:
        return self.text("CLUSTER")

    @property
    def vip(self) -> str:
        return self.text("VIP")

    @property
    def share(self) -> Path:
        return Path(self.text("SHARE"))

    @property
    def stale(self) -> float:
        """Age of a heartbeat, s, from which a controller counts as gone."""
        return float(self.text("STALE_SECONDS"))

    @property
    def answer(self) -> float:
        """Time, s, that slurmctld may take to answer."""
        return float(self.text("ANSWER_SECONDS"))

    @property
    def watchdog(self) -> float:
        """Time, s, after which systemd ends a watch that hangs."""
        return float(self.text("WATCHDOG_SECONDS"))

    @property
    def share_patience(self) -> float:
        """Time, s, that the share may hold the watch up: a server that is started anew, or moves."""
        return 4 * self.watchdog

    @property
    def resubmit_lost(self) -> bool:
        """Whether batch jobs that a crash has taken are submitted again by themselves."""
        try:
            return self.text("RESUBMIT_LOST") == "yes"
        except Refused:
            return False  # of a version that did not ask: a controller that starts now starts

    @property
    def states(self) -> range:
        """Job states that slurmctld reads, by their releases' numbers."""
        try:
            oldest, newest = map(int, self.text("STATES").split("-"))
        except Refused:
            return range(256)  # of a version that did not ask
        return range(oldest, newest + 1)

    @property
    def controllers(self) -> list[str]:
        """Addresses; the first one's slurmdbd is the primary."""
        return self.text("CONTROLLERS").split()

    @property
    def dbd_port(self) -> int:
        return int(self.text("DBD_PORT"))

    @property
    def dbd_silent(self) -> float:
        return float(self.text("DBD_SILENT_SECONDS"))

    @property
    def fenced(self) -> list[str]:
        """Controllers that this one may have to switch off."""
        me = self.me
        names = [key.removeprefix("FENCE_") for key in self._values if key.startswith("FENCE_")]
        return [name for name in names if name != me]

    def fencing(self, name: str) -> tuple[str, str, str]:
        """(address, port, domain) by which controller `name` is switched off."""
        address, port, domain = self.text(f"FENCE_{name}").split()
        return address, port, domain
