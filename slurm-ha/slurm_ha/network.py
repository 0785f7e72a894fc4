"""What the kernel is told so that a slurmctld that starts serves soon."""

from slurm_ha.host import Host
from slurm_ha.messages import log
from slurm_ha.settings import Settings

DBD_SHUNNED = 30  # s; by then the other slurmdbd serves


def shun_silent_slurmdbd(settings: Settings, host: Host) -> None:
    """Has the kernel refuse connections to a first slurmdbd that does not answer, for a while.

    slurmctld serves nobody before it has tried that one four times, a second each (the least that Slurm's
    TCPTimeout takes) when its machine is dead: the time limit of a takeover. A refusal costs it nothing.
    """
    address, port = settings.controllers[0], settings.dbd_port
    try:
        host.connect(address, port, settings.dbd_silent)
    except ConnectionRefusedError:
        pass
    except OSError:
        rules = f"""
            table inet slurm_ha
            delete table inet slurm_ha
            table inet slurm_ha {{
                set silent {{ type ipv4_addr; flags timeout; elements = {{ {address} timeout {DBD_SHUNNED}s }} }}
                chain output {{
                    type filter hook output priority filter; policy accept;
                    ip daddr @silent tcp dport {port} reject with tcp reset
                }}
            }}"""
        # Without it slurmctld starts all the same, later.
        done = host.ask("nft", "-f", "-", say=rules)
        log(done.stderr or f"slurmdbd of {address} is silent: shunned for {DBD_SHUNNED} s")


def acknowledge_at_once(settings: Settings, host: Host) -> None:
    """Has the kernel acknowledge what one controller sends to another, or to itself, without a delay.

    Slurm sends the length of a message to slurmdbd and the message apart. The kernel holds the second back until
    the first is acknowledged (Nagle), and the receiver's kernel waits 40 ms with that: 0.7 s for the questions of
    a slurmctld before it serves anybody, 0.02 s without it (measured).
    """
    for address in settings.controllers:
        (way,) = ip(host, "route", "get", address)
        if way.get("type") == "local":
            (way,) = ip(host, "route", "show", "table", "local", address)
            kernels = ["table", "local", "proto", "kernel", "scope", "host"]
            ip(host, "route", "change", "local", address, "dev", way["dev"], *kernels, "src", address, "quickack", "1")
        else:
            via = ["via", way["gateway"]] if "gateway" in way else []
            ip(host, "route", "replace", address, *via, "dev", way["dev"], "src", way["prefsrc"], "quickack", "1")


def ip(host: Host, *arguments: str) -> list[dict[str, str]]:
    import json

    said: list[dict[str, str]] = json.loads(host.read("ip", "-json", *arguments) or "[]")
    return said
