import pytest

from slurm_ha.host import Done
from slurm_ha.network import acknowledge_at_once, shun_silent_slurmdbd
from slurm_ha.settings import Settings
from tests.fake import FakeHost


@pytest.mark.parametrize(
    ("error", "shunned"), [(None, False), (ConnectionRefusedError, False), (TimeoutError, True), (OSError, True)]
)
def test_only_a_silent_slurmdbd_is_shunned(
    error: type[OSError] | None, shunned: bool, settings: Settings, host: FakeHost, capsys: pytest.CaptureFixture[str]
) -> None:
    host.refuses = error
    shun_silent_slurmdbd(settings, host)
    assert ("nft -f -" in host.ran) == shunned
    said = "slurm-ha: slurmdbd of 192.0.2.1 is silent: shunned for 30 s\n" if shunned else ""
    assert capsys.readouterr().err == said


def test_routes(settings: Settings, host: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {
        "ip -json route get 192.0.2.1": '[{"type": "local", "dev": "lo", "prefsrc": "192.0.2.1"}]',
        "ip -json route show table local 192.0.2.1": '[{"dev": "eth0"}]',
        "ip -json route get 192.0.2.2": '[{"gateway": "192.0.2.254", "dev": "eth0", "prefsrc": "192.0.2.1"}]',
    }
    ran: list[str] = []

    def ask(*command: str, say: str | None = None) -> Done:
        ran.append(" ".join(command))
        return Done(0, said.get(ran[-1], ""), "")

    monkeypatch.setattr(host, "ask", ask)
    acknowledge_at_once(settings, host)
    assert [line.removeprefix("ip -json ") for line in ran if line not in said] == [
        "route change local 192.0.2.1 dev eth0 table local proto kernel scope host src 192.0.2.1 quickack 1",
        "route replace 192.0.2.2 via 192.0.2.254 dev eth0 src 192.0.2.1 quickack 1",
    ]
