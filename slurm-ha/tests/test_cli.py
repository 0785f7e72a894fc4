import pytest

from slurm_ha import cli
from slurm_ha.host import Host
from slurm_ha.messages import Refused
from slurm_ha.settings import Settings

USAGE = (
    "usage: slurm-ha provision|guard|release|watch|keep|apply|lost|mail|metrics|reached"
    "|try-fencing|fenced NAME|resubmit JOB [USER]|forget JOB"
)


@pytest.mark.parametrize("arguments", [[], ["none"], ["guard", "m1"], ["fenced"]])
def test_usage(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["slurm-ha", *arguments])
    with pytest.raises(SystemExit) as e:
        cli.main()
    assert e.value.code == USAGE


def test_refusals_go_to_the_journal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(settings: Settings, host: Host, name: str) -> None:
        raise Refused(f"not {name}")

    monkeypatch.setattr(cli, "fenced", refuse)
    monkeypatch.setattr("sys.argv", ["slurm-ha", "fenced", "m2"])
    with pytest.raises(SystemExit) as e:
        cli.main()
    assert e.value.code == 1
    assert capsys.readouterr().err == "slurm-ha: not m2\n"
