"""The share's directories and its identity."""

import os

from slurm_ha.host import Host
from slurm_ha.messages import Refused
from slurm_ha.settings import Settings
from slurm_ha.share import Share


def provision(settings: Settings, host: Host) -> None:
    """Idempotent, safe on all controllers at once. Never gives a new identity to a share that had one."""
    share = Share(settings, host)
    share.check_mount()
    made = make_directories(share, host)
    known = give_identity(settings, share, host)
    share.check()
    print("changed" if made or known else "unchanged")


def make_directories(share: Share, host: Host) -> bool:
    changed = False
    slurm, root = host.user("slurm"), host.user("root")
    for path, owner, mode in (
        (share.root / "config", root, 0o755),
        (share.spool, slurm, 0o700),
        (share.root / "logs", slurm, 0o750),
        (share.ha, root, 0o700),
        (share.lost, root, 0o700),
        (share.local, root, 0o700),
    ):
        if not path.exists():
            path.mkdir(mode=mode, exist_ok=True)
            changed = True
        now = path.stat()
        if (now.st_uid, now.st_gid, now.st_mode & 0o7777) != (*owner, mode):
            os.chown(path, *owner)
            path.chmod(mode)
            changed = True
    return changed


def give_identity(settings: Settings, share: Share, host: Host) -> bool:
    """Whether this machine did not know the share's."""
    import uuid

    identity, known = share.ha / "identity", share.local / "identity"
    if not identity.exists():
        if known.exists():
            raise Refused(
                f"{identity} is gone, but this controller knew this share: is another one mounted? "
                f"To start over with an empty cluster, remove {share.local} on all controllers"
            )
        new = share.ha / f"identity.{share.me}"
        host.write(new, f"{settings.cluster} {uuid.uuid4()}\n")
        try:
            host.link(new, identity)
        except FileExistsError:
            pass  # another controller was faster
        new.unlink()
    if known.exists():
        return False
    known.write_text(identity.read_text())
    return True
