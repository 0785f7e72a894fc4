"""The lease as a whole: two controllers, and everything that may happen to them at any moment."""

import tempfile
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from slurm_ha.fencing import fenced
from slurm_ha.messages import Refused
from tests.world import World

MACHINES = st.integers(0, 1)
MOMENTS = st.sampled_from([0.003, 0.02, 0.1, 0.4, 1.0, 2.5, 6.0])
SOON = st.sampled_from([0.0, 0.01, 0.1, 0.5, 3.0])


def event(**drawn: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A rule after which some time passes, or none."""

    def wrap(happen: Callable[..., None]) -> Callable[..., None]:
        @wraps(happen)
        def happens(self: "Lease", then: float, **values: Any) -> None:  # noqa: ANN401
            happen(self, **values)
            self.world.run(then)

        made: Callable[..., None] = rule(**{"then": SOON, **drawn})(happens)  # type: ignore[call-overload]
        return made

    return wrap


class Lease(RuleBasedStateMachine):
    """Nobody but the share, the hypervisors and the two programs themselves sees to it that only one writes."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory(prefix="slurm-ha.")
        self.world = World(Path(self.directory.name))
        self.world.run(5)

    @rule(seconds=MOMENTS)
    def time_passes(self, seconds: float) -> None:
        self.world.run(seconds)

    def teardown(self) -> None:
        self.world.close()
        self.directory.cleanup()

    @event(which=MACHINES, seconds=st.sampled_from([0.5, 1.5, 2.2, 4.0, 9.0]))
    def stands_still(self, which: int, seconds: float) -> None:
        self.world.machines[which].stand_still(seconds)

    @event(which=MACHINES, steps=st.integers(0, 20), seconds=st.sampled_from([0.5, 2.2, 6.0, 20.0]))
    def stands_still_later(self, which: int, steps: int, seconds: float) -> None:
        """Between any two steps of whatever runs there then."""
        self.world.machines[which].still_after = (steps, seconds)

    @event(which=MACHINES, seconds=st.sampled_from([0.4, 1.5, 2.4, 5.0, 12.0]))
    def share_holds_a_write(self, which: int, seconds: float) -> None:
        self.world.machines[which].held = seconds

    @event(which=MACHINES, latency=st.sampled_from([0.0005, 0.002, 0.05]))
    def share_is_slow(self, which: int, latency: float) -> None:
        self.world.machines[which].latency = latency

    @event(which=MACHINES, fencing=st.sampled_from(["works", "works", "refuses", "ignores"]))
    def fencing_is(self, which: int, fencing: str) -> None:
        self.world.machines[which].fencing = fencing

    @event(which=MACHINES, seconds=st.sampled_from([0.0, 1.0, 8.0]))
    def loses_power(self, which: int, seconds: float) -> None:
        self.world.machines[which].power_off()
        self.world.spawn(self.world.machines[which], self.world.machines[which].power_on, seconds)

    @event(which=MACHINES)
    def vip_moves(self, which: int) -> None:
        to = self.world.machines[which]
        if to.ready:
            other = self.world.other(to)
            # keepalived stands still with its machine: the address is on both then.
            if self.world.now >= other.still_until:
                other.lose_vip()
            to.take_vip()

    @event()
    def vip_is_on_both(self) -> None:
        for machine in self.world.machines:
            machine.take_vip()

    @event(which=MACHINES)
    def slurmctld_hangs(self, which: int) -> None:
        slurmctld = self.world.machines[which].slurmctld
        if slurmctld:
            slurmctld.hangs = True

    @event(which=MACHINES)
    def slurmctld_crashes(self, which: int) -> None:
        self.world.machines[which].end_slurmctld()

    @event(which=MACHINES)
    def operator_says_that_it_is_off(self, which: int) -> None:
        """Only when it is true: what an operator says is believed."""
        machine = self.world.machines[which]
        other = self.world.other(machine)
        if not machine.up and other.up:

            def say() -> None:
                try:
                    fenced(other.settings, other.host, machine.name)
                except Refused as e:
                    other.says(e)

            self.world.spawn(other, say)

    @invariant()
    def only_one_writes_and_none_that_is_well_is_killed(self) -> None:
        assert self.world.violations == []
        assert len(self.world.writers()) <= 1


TestLease = Lease.TestCase
TestLease.settings = settings(
    max_examples=100,
    stateful_step_count=40,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.run(5)
    yield world
    world.close()


def test_one_runs_after_the_start(world: World) -> None:
    assert [m.name for m in world.writers()] == ["m1"]
    assert world.said == []


def test_a_dead_machine_is_followed_within_seconds(world: World) -> None:
    world.machines[0].power_off()
    world.run(3)
    assert [m.name for m in world.writers()] == ["m2"]


def test_one_that_stands_still_is_switched_off_first(world: World) -> None:
    first, second = world.machines
    first.stand_still(30)
    second.take_vip()
    world.run(4)
    assert [m.name for m in world.writers()] == ["m2"]
    assert first.slurmctld is not None and first.slurmctld.ended
    world.run(10)
    assert first.ready and not first.vip  # back as backup


def test_nobody_starts_while_fencing_is_refused(world: World) -> None:
    first, second = world.machines
    first.fencing = "refuses"
    first.stand_still(8)
    second.take_vip()
    world.run(7)
    assert [m.name for m in world.writers()] == ["m1"]
    world.run(15)
    assert world.violations == []
    assert len(world.writers()) == 1


def test_a_planned_move_takes_its_time_and_no_fencing(world: World) -> None:
    first, second = world.machines
    first.lose_vip()
    second.take_vip()
    world.run(2)
    assert [m.name for m in world.writers()] == ["m2"]
    assert first.up


def test_a_hung_slurmctld_is_killed_and_the_other_takes_over(world: World) -> None:
    first, second = world.machines
    assert first.slurmctld
    first.slurmctld.hangs = True
    world.run(10)
    assert second.slurmctld or first.pids > 1
    assert any("slurmctld does not answer: killed it" in text for text in world.said)


@pytest.mark.parametrize("seconds", [2.4, 10.0])
def test_a_share_that_holds_a_write_costs_nothing_but_the_wait(seconds: float, tmp_path: Path) -> None:
    for moment in range(12):
        root = tmp_path / str(moment)
        root.mkdir()
        world = World(root)
        world.run(4 + moment / 12)
        for machine in world.machines:  # it stands still for all
            machine.held = seconds
        world.run(seconds + 10)
        world.close()
        assert world.violations == []
        assert world.said == []
        assert [(m.vip, m.pids) for m in world.machines] == [(True, 1), (False, 0)]


def test_nor_is_one_that_hangs_spared_by_it(world: World) -> None:
    first, _ = world.machines
    assert first.slurmctld
    first.held = 10
    first.slurmctld.hangs = True
    world.run(3.8)
    assert first.slurmctld.ended
    world.run(10)
    assert world.writers()


def test_a_share_that_is_away_for_good_makes_its_machine_unfit(world: World) -> None:
    first, _ = world.machines
    first.held = 60
    world.run(17)
    assert "the watch hung" in "".join(world.said)
    assert [m.name for m in world.writers()] == ["m2"]
