"""The commands."""

import sys

from slurm_ha.apply import apply
from slurm_ha.fencing import fenced, try_fencing
from slurm_ha.guard import guard, release
from slurm_ha.host import CommandFailed, Host
from slurm_ha.keep import keep
from slurm_ha.lost import forget, lost, resubmit
from slurm_ha.mail import mail
from slurm_ha.messages import Refused, log
from slurm_ha.metrics import metrics, reached
from slurm_ha.provision import provision
from slurm_ha.settings import Settings
from slurm_ha.watch import watch


def main() -> None:
    alone = (provision, guard, release, watch, keep, apply, lost, mail, metrics, reached)
    commands = {f.__name__: f for f in alone}
    settings, host = Settings(), Host()
    command, *words = sys.argv[1:] or [""]
    try:
        if command == "fenced" and len(words) == 1:
            fenced(settings, host, *words)
        elif command == "try-fencing" and not words:
            try_fencing(settings, host)
        elif command == "resubmit" and len(words) in (1, 2):
            resubmit(settings, host, *words)
        elif command == "forget" and len(words) == 1:
            forget(settings, host, *words)
        elif command in commands and not words:
            commands[command](settings, host)
        else:
            sys.exit(f"usage: slurm-ha {'|'.join(commands)}|try-fencing|fenced NAME|resubmit JOB [USER]|forget JOB")
    except (Refused, OSError, CommandFailed) as e:
        log(str(e))
        sys.exit(1)
