"""Beside a running slurmctld. What administrators set on nodes outlives it; jobs that a crash has started twice are
given back with their nodes; those that it took are submitted again where the site wants that; its log is rotated.

Service slurm-keep.
"""

from slurm_ha.host import Host
from slurm_ha.lost import drop_saved, marked, resubmit_marked
from slurm_ha.nodes import note_nodes, restore_nodes
from slurm_ha.registered import Ended
from slurm_ha.settings import Settings
from slurm_ha.share import Share
from slurm_ha.twice import TWICE_WATCHED, give_back

NOTE = 5.0  # s between two looks: as often as Slurm saves its own state
ROTATE = 300.0  # s between two looks at the size of the log
LOGROTATE = "/etc/slurm/logrotate.conf"
# Of one that has read slurm.conf.
READ = b"started on cluster", b"Processing Reconfiguration Request", b"Reconfigure signal"


def keep(settings: Settings, host: Host) -> None:
    share = Share(settings, host)
    log = Log(share)
    anew, rotated = True, -ROTATE
    ended, watched = Ended(host), host.now() + TWICE_WATCHED
    while True:
        if host.now() - rotated >= ROTATE:
            # Here, and not by the system's timer: one of two controllers may do it, the one whose slurmctld is told.
            host.run("logrotate", "--state", str(share.ha / "logrotate"), LOGROTATE, must=False)
            rotated = host.now()
        anew = log.tells(READ) or anew
        if host.ask("scontrol", "ping").code == 0:
            if anew:
                # A slurmctld that has read slurm.conf has the weights that it says.
                drop_saved(share, host)
                pushed = share.pushed()
                restore_nodes(share, host, pushed or share.config(), share.config())
                ended, watched = Ended(host), host.now() + TWICE_WATCHED
            else:
                note_nodes(share, host)
            anew = False
            if host.now() < watched:
                give_back(share, host)
            if marked(share) and ended.sure():
                resubmit_marked(share, host)
        elif host.unit().active in ("inactive", "failed"):
            return
        host.sleep(0.5 if anew else NOTE)


class Log:
    """What slurmctld writes to its log from now on."""

    def __init__(self, share: Share) -> None:
        self._path = share.log
        self._read = self._size()

    def tells(self, words: tuple[bytes, ...]) -> bool:
        if self._size() < self._read:  # another file: it was rotated
            self._read = 0
        if self._size() == self._read:
            return False
        with self._path.open("rb") as f:
            f.seek(self._read)
            new = f.read()
        self._read += len(new)
        return any(word in new for word in words)

    def _size(self) -> int:
        return self._path.stat().st_size if self._path.exists() else 0
