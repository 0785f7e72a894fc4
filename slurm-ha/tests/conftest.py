from pathlib import Path

import pytest
from hypothesis import settings as hypothesis

from slurm_ha.settings import Settings
from slurm_ha.share import Share
from tests.fake import FakeHost, settings_of

# How long an example takes says something of the machine only, which has other work besides.
hypothesis.register_profile("patient", deadline=None)
hypothesis.load_profile("patient")


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    """A machine with a provisioned share; the VIP is on it."""
    share = tmp_path / "share"
    for directory in ("config", "spool", "ha"):
        (share / directory).mkdir(parents=True)
    (share / "config/slurm.conf").write_text("ClusterName=test\n")
    (share / "ha/identity").write_text("test 1\n")
    for name in ("m1", "m2"):
        (tmp_path / f"local.{name}").mkdir()
        (tmp_path / f"local.{name}" / "identity").write_text("test 1\n")
    return FakeHost(share)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path, "m1")


@pytest.fixture
def share(settings: Settings, host: FakeHost) -> Share:
    return Share(settings, host)


@pytest.fixture
def other(tmp_path: Path, host: FakeHost) -> Share:
    """The share as the other controller, m2, sees it."""
    return Share(settings_of(tmp_path, "m2"), host)
