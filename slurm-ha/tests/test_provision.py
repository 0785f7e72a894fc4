import shutil
from pathlib import Path

import pytest

from slurm_ha.messages import Refused
from slurm_ha.provision import provision
from tests.fake import FakeHost, settings_of


@pytest.fixture
def new(tmp_path: Path) -> FakeHost:
    (tmp_path / "share").mkdir()
    return FakeHost(tmp_path / "share")


def test_once(tmp_path: Path, new: FakeHost, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("m1", "m1", "m2"):
        provision(settings_of(tmp_path, name), new)
    assert capsys.readouterr().out.split() == ["changed", "unchanged", "changed"]
    assert (tmp_path / "share/ha/identity").read_text().startswith("test ")
    assert (tmp_path / "local.m1/identity").read_text() == (tmp_path / "local.m2/identity").read_text()
    modes = {name: (tmp_path / "share" / name).stat().st_mode & 0o7777 for name in ("config", "spool", "logs", "ha")}
    assert modes == {"config": 0o755, "spool": 0o700, "logs": 0o750, "ha": 0o700}


def test_takes_permissions_back(tmp_path: Path, new: FakeHost, capsys: pytest.CaptureFixture[str]) -> None:
    provision(settings_of(tmp_path, "m1"), new)
    (tmp_path / "share/spool").chmod(0o777)
    provision(settings_of(tmp_path, "m1"), new)
    assert capsys.readouterr().out.split() == ["changed", "changed"]
    assert (tmp_path / "share/spool").stat().st_mode & 0o777 == 0o700


def test_never_a_second_identity(tmp_path: Path, new: FakeHost) -> None:
    provision(settings_of(tmp_path, "m1"), new)
    shutil.rmtree(tmp_path / "share/ha")
    with pytest.raises(Refused, match="is another one mounted"):
        provision(settings_of(tmp_path, "m1"), new)
    assert not (tmp_path / "share/ha/identity").exists()


def test_nothing_on_the_machines_own_disk(tmp_path: Path, new: FakeHost) -> None:
    new.mounted = False
    with pytest.raises(Refused, match="is not mounted"):
        provision(settings_of(tmp_path, "m1"), new)
    assert list((tmp_path / "share").iterdir()) == []
