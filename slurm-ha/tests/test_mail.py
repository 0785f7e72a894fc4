import os
import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Self

import pytest

from slurm_ha.host import Host
from slurm_ha.mail import MAIL_KEPT, MAIL_LEFT, Relay, send_waiting
from tests.fake import FakeHost

RELAY = Relay("relay", 25, False, "slurm@example.org")


class Server(smtplib.SMTP):
    """One that is asked for each mail what becomes of it."""

    def __init__(self, judge: Callable[[str], Exception | None]) -> None:
        self.judge = judge
        self.taken: list[EmailMessage] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def send_message(self, msg: EmailMessage, *_: object, **__: object) -> dict[str, tuple[int, bytes]]:  # type: ignore[override]
        refusal = self.judge(msg["To"])
        if refusal:
            raise refusal
        self.taken.append(msg)
        return {}


def refused(code: int) -> Callable[[str], Exception]:
    return lambda to: smtplib.SMTPRecipientsRefused({to: (code, b"no\r\nthanks")})


@pytest.fixture
def queue(share_root: Path) -> Path:
    directory = share_root / "mail"
    directory.mkdir()
    return directory


@pytest.fixture
def share_root(host: FakeHost) -> Path:
    host.wall = lambda: 1e9  # type: ignore[method-assign]
    return host.share


def left(queue: Path, name: str, to: str, subject: str = "Slurm Job_id=7", age: float = 0.0) -> Path:
    path = queue / name
    path.write_bytes(f"{to}\0{subject}\0SLURM_JOB_ID=7\0SLURM_JOB_NAME=a\nb\0PATH=/bin\0".encode())
    os.utime(path, (1e9 - age, 1e9 - age))
    return path


def send(queue: Path, host: Host, judge: Callable[[str], Exception | None] = lambda to: None) -> tuple[str, Server]:
    server = Server(judge)
    return send_waiting(queue, RELAY, host, lambda: server), server


def test_the_oldest_first_and_each_once(queue: Path, host: FakeHost) -> None:
    left(queue, "mail.a", "ann@example.org", "Slurm Job_id=8 Name=x\r\nBcc: eve@example.org Ended")
    left(queue, "mail.b", "bob@example.org", "김철수", age=9)
    left(queue, "new.c", "new@example.org")
    later, server = send(queue, host)
    assert later == ""
    assert [m["To"] for m in server.taken] == ["bob@example.org", "ann@example.org"]
    first, second = server.taken
    assert (first["From"], first["Subject"]) == ("slurm@example.org", "김철수")
    assert first["Auto-Submitted"] == "auto-generated"
    assert first.get_content() == "Job: 7\nName: a b\n"
    # What a job is called makes no header.
    assert (second["Subject"], second["Bcc"]) == ("Slurm Job_id=8 Name=x Bcc: eve@example.org Ended", None)
    assert [path.name for path in queue.iterdir()] == ["new.c"]
    assert send(queue, host)[1].taken == []


@pytest.mark.parametrize(
    ("refusal", "kept"),
    [
        (refused(550), False),
        (refused(451), True),
        (lambda _: smtplib.SMTPDataError(554, b"spam"), False),
        (lambda _: smtplib.SMTPDataError(452, b"full"), True),
        (lambda _: smtplib.SMTPSenderRefused(550, b"who?", "slurm@example.org"), True),
        (lambda _: smtplib.SMTPServerDisconnected("gone"), True),
        (lambda _: TimeoutError("timed out"), True),
    ],
)
def test_what_is_not_taken_now_is_kept_and_what_never_is_goes(
    refusal: Callable[[str], Exception], kept: bool, queue: Path, host: FakeHost, capsys: pytest.CaptureFixture[str]
) -> None:
    path = left(queue, "mail.a", "ann@example.org", age=1)
    other = left(queue, "mail.b", "bob@example.org")
    later, _ = send(queue, host, lambda to: refusal(to) if to.startswith("ann") else None)
    assert (bool(later), path.exists()) == (kept, kept)
    assert "\n" not in later
    assert ("refused" in capsys.readouterr().err) is not kept
    # One that is refused for itself is not in the way of the next.
    assert send(queue, host)[0] == ""
    assert not other.exists()


def test_a_server_that_is_away(queue: Path, host: FakeHost) -> None:
    def away() -> smtplib.SMTP:
        raise ConnectionRefusedError(111, "Connection refused")

    assert send_waiting(queue, RELAY, host, away) == ""  # nobody asked for it
    left(queue, "mail.a", "ann@example.org")
    assert send_waiting(queue, RELAY, host, away) == "[Errno 111] Connection refused"
    left(queue, "mail.a", "ann@example.org", age=MAIL_KEPT + 1)
    left(queue, "new.a", "", age=MAIL_LEFT + 1)
    assert send_waiting(queue, RELAY, host, away) == ""
    assert list(queue.iterdir()) == []


@pytest.mark.parametrize(
    "to", ["", "ann", "a@b.org,c@d.org", "A <a@b.org>", "-oQ/tmp x@b.org", "a@b.org\r\nBcc: c@d.org", "김@b.org"]
)
def test_only_one_address(to: str, queue: Path, host: FakeHost, capsys: pytest.CaptureFixture[str]) -> None:
    left(queue, "mail.a", to)
    later, server = send(queue, host)
    assert (later, server.taken, list(queue.iterdir())) == ("", [], [])
    assert "is no address" in capsys.readouterr().err
