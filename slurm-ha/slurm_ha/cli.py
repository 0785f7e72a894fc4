"""The commands."""

import sys

from slurm_ha.apply import apply
from slurm_ha.fencing import fenced
from slurm_ha.guard import guard, release
from slurm_ha.host import CommandFailed, Host
from slurm_ha.keep import keep
from slurm_ha.messages import Refused, log
from slurm_ha.provision import provision
from slurm_ha.settings import Settings
from slurm_ha.watch import watch


def main() -> None:
    commands = {f.__name__: f for f in (provision, guard, release, watch, keep, apply)}
    settings, host = Settings(), Host()
    try:
        if sys.argv[1:2] == ["fenced"] and len(sys.argv) == 3:
            fenced(settings, host, sys.argv[2])
        elif len(sys.argv) == 2 and sys.argv[1] in commands:
            commands[sys.argv[1]](settings, host)
        else:
            sys.exit(f"usage: slurm-ha {'|'.join(commands)}|fenced NAME")
    except (Refused, OSError, CommandFailed) as e:
        log(str(e))
        sys.exit(1)
