from pathlib import Path

import pytest

from slurm_ha.messages import Refused
from slurm_ha.settings import Settings
from tests.fake import settings_of


def test_reads_what_ansible_writes(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "m1", more="ODD=a=b\n")
    assert (settings.me, settings.stale, settings.dbd_port) == ("m1", 2.0, 6819)
    assert settings.controllers == ["192.0.2.1", "192.0.2.2"]
    assert settings.fencing("m2") == ("192.0.2.101", "1229", "m2")
    assert settings.text("ODD") == "a=b"


def test_says_what_is_missing(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "m1")
    with pytest.raises(Refused, match=r"settings\.m1 does not set FENCE_m3"):
        settings.fencing("m3")


def test_asks_for_the_file_only_when_it_needs_it(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        _ = settings.me
