import pytest

from slurm_ha.lease import Predecessor, answers, gave_up, must_wait, owns, predecessor, shows_life, waits


@pytest.mark.parametrize(
    ("word", "age", "verdict"),
    [
        ("released", 0.0, Predecessor.ENDED),
        ("released", 99.0, Predecessor.ENDED),
        ("held", 1.0, Predecessor.ALIVE),
        ("held", 1.1, Predecessor.LATE),
        ("held", 2.0, Predecessor.LATE),
        ("held", 2.1, Predecessor.SILENT),
        ("none", float("inf"), Predecessor.SILENT),
    ],
)
def test_predecessor(word: str, age: float, verdict: Predecessor) -> None:
    assert predecessor(word, age, 2.0) is verdict
    assert shows_life(word, age, 2.0) == (verdict in (Predecessor.ALIVE, Predecessor.LATE))


def test_owner() -> None:
    assert [must_wait(owner, "m1") for owner in ("", "m1", "m2")] == [False, False, True]
    assert owns((3, "m1"), 3, "m1")
    assert not owns((4, "m1"), 3, "m1")
    assert not owns((3, "m2"), 3, "m1")


def test_a_wish_is_short() -> None:
    assert waits(0.9, 2.0)
    assert not waits(1.0, 2.0)


@pytest.mark.parametrize(
    ("active", "job", "served", "waited", "gone"),
    [
        ("failed", "", True, 0.0, True),
        ("failed", "", False, 2.0, False),
        ("inactive", "", False, 2.1, True),
        ("failed", "7", True, 9.0, False),
        ("activating", "", True, 9.0, False),
        ("deactivating", "", True, 9.0, False),
    ],
)
def test_gave_up(active: str, job: str, served: bool, waited: float, gone: bool) -> None:
    assert gave_up(active, job, served, waited, 2.0) == gone


def test_loading_takes_longer_than_an_answer() -> None:
    assert answers(2.5, True, 2.5)
    assert not answers(2.6, True, 2.5)
    assert answers(60.0, False, 2.5)
    assert not answers(60.1, False, 2.5)
    assert answers(70.0, False, 75.0)
