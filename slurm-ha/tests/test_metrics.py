from pathlib import Path

import pytest

from slurm_ha.host import Unit
from slurm_ha.metrics import metrics, of_diag, of_jobs, of_nodes, reached, rendered, word
from slurm_ha.settings import Settings
from slurm_ha.share import Share
from tests.fake import FakeHost

DIAG = """*******************************************************
sdiag output at Thu Nov 26 19:40:34 2026 (1795693234)
Data since      Thu Nov 26 00:00:00 2026 (1795622400)
*******************************************************
Server thread count:  3
Agent queue size:     1
Agent count:          0
Agent thread count:   0
DBD Agent queue size: 7

Jobs submitted: 12
Jobs started:   11
Jobs completed: 9
Jobs canceled:  1
Jobs failed:    2

Job states ts:  Thu Nov 26 19:40:30 2026 (1795693230)
Jobs pending:   1
Jobs running:   2

Main schedule statistics (microseconds):
\tLast cycle:   85
\tMax cycle:    208
\tTotal cycles: 3
\tMean cycle:   100
\tMean depth cycle:  0
\tCycles per minute: 1
\tLast queue length: 4

Backfilling stats
\tTotal backfilled jobs (since last slurm start): 0
\tTotal cycles: 6
\tLast cycle when: Thu Nov 26 19:40:04 2026 (1795693204)
\tLast cycle: 56
\tMax cycle:  90
\tMean cycle: 60
\tLast queue length: 1

Latency for 1000 calls to gettimeofday(): 20 microseconds

Remote Procedure Call statistics by message type
\tREQUEST_PARTITION_INFO                  ( 2009) count:13     ave_time:120    total_time:1560
"""
SQUEUE = """RUNNING|main|1000|None|1010
PENDING|main,long|1040|Resources|N/A
PENDING|main|900|JobHeldUser|N/A
PENDING|main|910|Dependency|N/A
FAILED|long|800|NonZeroExitCode|820
"""
SINFO = """compute1|idle|main
compute1|idle|long
compute2|down*|main
compute3|draining|main
"""


def plain(samples: object) -> dict[str, float]:
    return {name: value for name, labels, value in samples if not labels}  # type: ignore[attr-defined]


def test_of_diag_each_section_has_its_own_names() -> None:
    assert plain(of_diag(DIAG)) == {
        "slurm_server_thread_cnt": 3, "slurm_agent_queue_size": 1, "slurm_slurmdbd_queue_size": 7,
        "slurm_sdiag_jobs_submitted": 12, "slurm_sdiag_jobs_started": 11, "slurm_sdiag_jobs_completed": 9,
        "slurm_sdiag_jobs_canceled": 1, "slurm_sdiag_jobs_failed": 2,
        "slurm_schedule_cycle_last": 85, "slurm_schedule_cycle_max": 208, "slurm_schedule_cycle_cnt": 3,
        "slurm_sched_mean_cycle": 100, "slurm_schedule_queue_len": 4,
        "slurm_bf_cycle_last": 56, "slurm_bf_cycle_max": 90, "slurm_bf_mean_cycle": 60,
    }  # fmt: skip


def test_jobs_wait_for_the_cluster_only_where_nothing_else_keeps_them() -> None:
    found = list(of_jobs(SQUEUE, 1100, {"main", "empty"}))
    assert plain(found)["slurm_jobs"] == 5
    assert plain(found)["slurm_jobs_pending"] == 3
    assert plain(found)["slurm_jobs_failed"] == 1
    assert plain(found)["slurm_ha_jobs_wait_seconds_max"] == 60
    longest = "slurm_ha_partition_jobs_wait_seconds_max"
    waits = {labels["partition"]: value for name, labels, value in found if name == longest}
    assert waits == {"main": 60, "long": 60, "empty": 0}


def test_a_node_counts_once_whatever_its_partitions() -> None:
    found = list(of_nodes(SINFO))
    assert plain(found)["slurm_nodes"] == 3
    assert plain(found)["slurm_nodes_idle"] == 1
    assert plain(found)["slurm_nodes_down"] == 1
    assert plain(found)["slurm_nodes_drain"] == 1
    assert plain(found)["slurm_nodes_noresp"] == 1
    assert ("slurm_partition_nodes", {"partition": "main"}, 3) in found


@pytest.mark.parametrize(("said", "meant"), [("down*", "down"), ("IDLE~", "idle"), ("mixed+", "mixed")])
def test_word(said: str, meant: str) -> None:
    assert word(said) == meant


def test_what_does_not_answer_is_not_zero() -> None:
    assert [*of_diag(None), *of_jobs(None, 0, set()), *of_nodes(None)] == []


def test_an_empty_queue_is_zero() -> None:
    found = list(of_jobs("", 0, {"main"}))
    assert plain(found)["slurm_jobs"] == 0
    assert ("slurm_partition_jobs_pending", {"partition": "main"}, 0) in found


def test_rendered_each_metric_in_one_piece() -> None:
    text = rendered([("a", {"x": 'b"c'}, 1), ("d", {}, 0.25), ("a", {"x": "e"}, True)])
    assert text == '# TYPE a gauge\na{x="b\\"c"} 1\na{x="e"} 1\n# TYPE d gauge\nd 0.25\n'


def test_only_where_slurmctld_runs_slurm_is_asked_and_once(
    settings: Settings, host: FakeHost, share: Share, tmp_path: Path
) -> None:
    file = tmp_path / "slurm.prom"
    metrics(settings, host, file)
    assert host.ran == []
    assert "slurm_ha_slurmctld_here 0" in file.read_text()
    host.systemd = Unit("active", 1, "")
    host.says["timeout 8 env SLURM_TIME_FORMAT=%s sinfo"] = SINFO
    share.take(4)
    share.beat("held")
    metrics(settings, host, file)
    assert [line.split()[4] for line in host.ran] == ["sdiag", "squeue", "sinfo"]
    text = file.read_text()
    assert "slurm_nodes 3\n" in text
    assert "slurm_ha_answers 1\n" in text
    assert 'slurm_ha_owner{controller="m1"} 1\n' in text
    assert not list(tmp_path.glob("*.new"))


def test_a_slurmctld_that_does_not_answer_is_said(settings: Settings, host: FakeHost, tmp_path: Path) -> None:
    host.systemd = Unit("active", 1, "")
    host.codes["timeout"] = [124]
    metrics(settings, host, tmp_path / "slurm.prom")
    text = (tmp_path / "slurm.prom").read_text()
    assert "slurm_ha_answers 0\n" in text
    assert "slurm_nodes" not in text


@pytest.mark.parametrize(("code", "said"), [(0, "1"), (124, "0")])
def test_reached_asks_slurmctld_also_where_it_does_not_run_and_not_the_share(
    code: int, said: str, settings: Settings, host: FakeHost, tmp_path: Path
) -> None:
    host.codes["timeout 8 sdiag"] = [code]
    host.mounted = False
    reached(settings, host, tmp_path / "sbatch.prom")
    assert host.ran == ["timeout 8 sdiag"]
    assert (tmp_path / "sbatch.prom").read_text() == f"# TYPE slurm_ha_reached gauge\nslurm_ha_reached {said}\n"
