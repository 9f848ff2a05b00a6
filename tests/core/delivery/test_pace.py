from __future__ import annotations

import pytest

from siyu.config.rates import Rate
from siyu.delivery.line import Line
from siyu.delivery.pace import TRIES, Pace, backed_off
from siyu.kinds import Channel, Receipt


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the monotonic second that everything reads, to set it."""
    now = [1000.0]
    for module in ("pace", "line"):
        monkeypatch.setattr(f"siyu.delivery.{module}.monotonic", lambda: now[0])
    return now


def line(rate: Rate | None = None) -> Line:
    made = Line(Channel(name="post"), Pace(rate))
    made.refill(range(1, 11))
    return made


def failed(touch: int, again: str, wait: float | None = None) -> Receipt:
    return Receipt(touch, "failed", "no", again=again, wait=wait)  # type: ignore[arg-type]


def test_in_no_span_go_more_than_the_rate_says(clock: list[float]) -> None:
    pace = Pace(Rate(20, 60))
    gone: list[float] = []
    for _ in range(400):
        room = pace.room() or 0
        now = min(room, 7)
        pace.spend(now)
        gone += [clock[0]] * now
        assert len([at for at in gone if at > clock[0] - 60]) <= 20
        clock[0] += 1.3
    assert len(gone) >= 20 * (400 * 1.3 // 60 - 1)


def test_what_went_before_a_restart_counts(clock: list[float]) -> None:
    pace = Pace(Rate(20, 60))
    pace.seed([5] * 18 + [59, 61])
    assert pace.room() == 1
    assert pace.wait() == 0
    pace.spend(1)
    assert pace.wait() == pytest.approx(2)
    clock[0] += 2.5
    assert pace.room() == 1
    assert Pace(None).room() is None


@pytest.mark.parametrize("before", [[], [5], [5, 40], [1, 2, 3, 40]])
@pytest.mark.parametrize("number", [0, 1, 2, 5, 9])
def test_it_is_known_when_the_last_of_many_could_go(clock: list[float], before: list[int], number: int) -> None:
    pace = Pace(Rate(3, 60))
    pace.seed(before)
    foretold, begun, left = pace.until(number), clock[0], number
    while left:
        now = min(left, max(0, pace.room() or 0))
        pace.spend(now)
        left -= now
        clock[0] += pace.wait() if left else 0
    assert foretold == pytest.approx(clock[0] - begun)
    assert Pace(None).until(number) == 0


def test_waits_double_and_are_not_alike() -> None:
    assert all(0.25 <= backed_off(1) <= 0.5 for _ in range(50))
    assert all(2 <= backed_off(4) <= 4 for _ in range(50))
    assert backed_off(60) <= 60
    assert len({backed_off(3) for _ in range(50)}) > 1


def test_a_message_is_tried_so_often_and_then_has_failed(clock: list[float]) -> None:
    queue = line()
    queue.refill([1])
    for _ in range(TRIES - 1):
        assert queue.take() == [1]
        assert queue.answered(failed(1, "later", 3))
        assert queue.take() == []
        assert queue.wait() == pytest.approx(3)
        clock[0] += 3
    assert queue.take() == [1]
    assert not queue.answered(failed(1, "later", 3))
    assert (len(queue), queue.done) == (0, 1)


def test_what_is_tried_again_later_is_not_taken_from_the_store_once_more(clock: list[float]) -> None:
    queue = line()
    queue.take()
    queue.answered(failed(4, "later", 3))
    queue.refill([3, 4, 5])
    assert queue.take() == [3, 5]
    clock[0] += 3
    assert queue.take() == [4]


def test_a_channel_that_is_down_is_left_alone_and_tried_with_one_message(clock: list[float]) -> None:
    queue = line()
    queue.take()
    assert queue.answered(failed(1, "broken"))
    assert queue.answered(failed(2, "broken"))
    assert queue.pauses.count == 1
    assert 0 < queue.wait() <= 0.5
    clock[0] += 1
    assert (queue.wait(), queue.take()) == (0, [2])
    assert not queue.answered(Receipt(2, "sent"))
    queue.refill(range(1, 11))
    assert len(queue.take()) == 10


def test_a_channel_that_stays_down_is_given_up(clock: list[float]) -> None:
    queue = line()
    for _ in range(TRIES):
        assert not queue.pauses.over
        clock[0] += queue.wait()
        touch = queue.take()[0]
        assert queue.answered(failed(touch, "limited", 30))
        assert queue.wait() == pytest.approx(30)
    assert queue.pauses.over


def test_a_doubt_does_not_say_that_a_channel_is_up_again() -> None:
    pauses = line()
    pauses.pauses.begin("down", 0)
    pauses.answered(Receipt(1, "unknown"))
    assert pauses.pauses.probing


def test_no_more_is_taken_than_the_rate_lets_go(clock: list[float]) -> None:
    queue = line(Rate(3, 60))
    assert queue.take() == [1, 2, 3]
    queue.pace.spend(3)
    assert (queue.take(), queue.wait()) == ([], 60)
    queue.returned([3])
    clock[0] += 60
    assert queue.take() == [3, 4, 5]
