"""Mails of jobs, as user slurm: slurmctld leaves them on the state share (slurm-mail), and from there they are sent by
the site's mail server. Service slurm-mail.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from slurm_ha.host import Host
from slurm_ha.messages import log
from slurm_ha.settings import Settings

if TYPE_CHECKING:
    from email.message import EmailMessage
    from smtplib import SMTP

RELAY = Path("/etc/slurm/mail.json")
MAIL_LOOK = 5.0  # s between two looks at the share
MAIL_RETRY = 60.0  # s until a server that took none is asked again
MAIL_KEPT = 5 * 86400.0  # s that a mail is tried for: at least four to five days (RFC 5321, 4.5.4.1)
MAIL_LEFT = 3600.0  # s after which what slurm-mail has begun is left over: slurmctld ends it after two minutes
MAIL_ANSWER = 30.0  # s for each answer of the server
TLS_PORT = 465  # TLS from the first byte (RFC 8314)
# One mailbox: a list or a name in it would be somebody else's mail.
ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"\\]+@[A-Za-z0-9.-]+")
# What slurmctld says of the job besides, by its names of it, and in words.
SAYS = {
    "SLURM_CLUSTER_NAME": "Cluster",
    "SLURM_JOB_ID": "Job",
    "SLURM_JOB_NAME": "Name",
    "SLURM_JOB_USER": "User",
    "SLURM_JOB_PARTITION": "Partition",
    "SLURM_JOB_NODELIST": "Nodes",
    "SLURM_JOB_WORK_DIR": "Directory",
    "SLURM_JOB_STATE": "State",
    "SLURM_JOB_QUEUED_TIME": "Waited",
    "SLURM_JOB_RUN_TIME": "Ran",
    "SLURM_JOB_EXIT_CODE_MAX": "Exit code",
}


class Relay:
    """The site's mail server. `tls`: nothing is sent in the clear."""

    def __init__(self, host: str, port: int, tls: bool, sender: str, user: str = "", password: str = "") -> None:
        self.host, self.port, self.tls = host, port, tls
        self.sender, self.user, self.password = sender, user, password

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def connect(self) -> "SMTP":
        import smtplib
        import ssl

        trusted = ssl.create_default_context() if self.tls else None
        if trusted and self.port == TLS_PORT:
            smtp: SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=MAIL_ANSWER, context=trusted)
        else:
            smtp = smtplib.SMTP(self.host, self.port, timeout=MAIL_ANSWER)
            if trusted:
                smtp.starttls(context=trusted)
        if self.user:
            smtp.login(self.user, self.password)
        return smtp


def mail(settings: Settings, host: Host) -> None:
    import json

    relay = Relay(**json.loads(RELAY.read_text()))
    told = ""
    while True:
        fault = send_waiting(settings.share / "mail", relay, host, relay.connect)
        # Once, not every minute.
        if fault and fault != told:
            log(f"{relay}: {fault}. Mails of jobs wait, and are tried again every {MAIL_RETRY:.0f} s")
        if told and not fault:
            log(f"{relay} takes mails again")
        told = fault
        host.sleep(MAIL_RETRY if fault else MAIL_LOOK)


def send_waiting(queue: Path, relay: Relay, host: Host, connect: "Callable[[], SMTP]") -> str:
    """@returns why not all could be sent now; "" when none waits any more"""
    import smtplib

    clear(queue, host)
    waiting = sorted((path.stat().st_mtime, path) for path in queue.glob("mail.*"))
    if not waiting:
        return ""
    later = ""
    try:
        with connect() as smtp:
            for since, path in waiting:
                try:
                    message = compose(path.read_bytes(), relay, since)
                    if message:
                        smtp.send_message(message)
                    else:
                        log(f"{path.name} is for nobody: {recipient(path.read_bytes())!r} is no address")
                except smtplib.SMTPRecipientsRefused as e:
                    ((address, (code, reason)),) = e.recipients.items()
                    if code < 500:
                        later = words(reason)
                        continue
                    log(f"a mail to {address} is refused: {words(reason)}")
                except smtplib.SMTPDataError as e:
                    if e.smtp_code < 500:
                        later = words(e.smtp_error)
                        continue
                    log(f"a mail is refused: {words(e.smtp_error)}")
                path.unlink()
    except smtplib.SMTPResponseException as e:
        # The sender, or the login: of no mail's own.
        return words(e.smtp_error)
    except (smtplib.SMTPException, OSError) as e:
        return str(e) or type(e).__name__
    return later


def clear(queue: Path, host: Host) -> None:
    """Those that nobody takes, and what was begun and not ended."""
    for path in queue.glob("*.*"):
        age = host.wall() - path.stat().st_mtime
        if path.name.startswith("new.") and age > MAIL_LEFT:
            path.unlink()
        if path.name.startswith("mail.") and age > MAIL_KEPT:
            to = recipient(path.read_bytes())
            log(f"a mail to {to} was not taken for {MAIL_KEPT / 86400:.0f} days, and is dropped")
            path.unlink()


def recipient(raw: bytes) -> str:
    return one_line(raw.partition(b"\0")[0])


def compose(raw: bytes, relay: Relay, since: float) -> "EmailMessage | None":
    """@param raw recipient, subject and environment, a zero byte behind each. @returns None when that is nobody"""
    from email.message import EmailMessage
    from email.utils import formatdate, make_msgid

    to, subject, *environment = raw.split(b"\0")
    address = one_line(to)
    if not (ADDRESS.fullmatch(address) and address.isascii()):
        return None
    values = dict(one_line(line).split("=", 1) for line in environment if b"=" in line)
    message = EmailMessage()
    message["From"] = relay.sender
    message["To"] = address
    message["Subject"] = one_line(subject)
    message["Date"] = formatdate(since, localtime=True)
    message["Message-ID"] = make_msgid(domain=relay.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # nobody's absence note answers it (RFC 3834)
    message.set_content("".join(f"{word}: {values[name]}\n" for name, word in SAYS.items() if name in values))
    return message


def one_line(text: bytes) -> str:
    """A job's name may have anything in it."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", text.decode(errors="replace")).split())


def words(said: bytes | str) -> str:
    return one_line(said if isinstance(said, bytes) else said.encode())
