"""What this program says, and how it says no."""

import sys


class Refused(Exception):
    """This machine must not run slurmctld now; the text says why."""


def log(text: str) -> None:
    print(f"slurm-ha: {text}", file=sys.stderr, flush=True)
