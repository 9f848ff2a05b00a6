"""Lots are drawn on in the order of time: what is wanted first, out of the lot that ends first, while it lasts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import narwhals as nw
import pytest

from siyu.drawing import drawn
from siyu.testing.views import EngineName, engine_of

Draw = Callable[..., list[tuple[Any, ...]]]

_WANT = {"member": nw.Int64(), "want": nw.String(), "time": nw.Int64(), "amount": nw.Int64()}
_LOT = {
    "member": nw.Int64(),
    "item": nw.String(),
    "lot": nw.String(),
    "since": nw.Int64(),
    "available": nw.Int64(),
    "expires": nw.Int64(),
    "amount": nw.Int64(),
}


@pytest.fixture(params=["polars", "duckdb"])
def draw(request: pytest.FixtureRequest) -> Draw:
    """Return what draws wants (want, time, amount) on lots (lot, since, expires, amount) of one member."""
    name: EngineName = request.param

    def found(wants: list[tuple[str, int, int]], lots: list[tuple[str, int, int | None, int]]) -> list[tuple[Any, ...]]:
        engine = engine_of(name)
        wanted = {
            "member": [1 for _ in wants],
            **dict(zip(("want", "time", "amount"), zip(*wants, strict=True) if wants else ([], [], []), strict=True)),
        }
        held: dict[str, Any] = {name: [] for name in _LOT}
        for lot, since, expires, amount in lots:
            for column, value in zip(_LOT, (1, "", lot, since, None, expires, amount), strict=True):
                held[column].append(value)
        frame = drawn(engine.frame(wanted, _WANT), engine.frame(held, _LOT), engine)
        return engine.rows(frame.select("want", "lot", "amount", "time"))

    return found


def test_the_lot_that_ends_first_pays_first(draw: Draw) -> None:
    lots = [("a", 0, None, 5), ("b", 0, 90, 2), ("c", 1, 80, 2)]
    assert draw([("x", 10, 5)], lots) == [("x", "c", 2, 10), ("x", "b", 2, 10), ("x", "a", 1, 10)]


def test_what_is_not_covered_waits_for_what_comes_and_the_oldest_goes_first(draw: Draw) -> None:
    lots = [("a", 0, None, 1), ("b", 20, 30, 3), ("c", 40, 50, 9)]
    found = draw([("y", 12, 4), ("x", 10, 2)], lots)
    assert found == [("x", "a", 1, 10), ("x", "b", 1, 20), ("y", "b", 2, 20), ("y", "c", 2, 40)]


def test_what_had_expired_before_it_was_wanted_pays_nothing(draw: Draw) -> None:
    assert draw([("x", 10, 2)], [("a", 0, 10, 5)]) == []
    assert draw([("x", 10, 2)], [("a", 0, 11, 5)]) == [("x", "a", 2, 10)]


def test_where_nothing_is_wanted_nothing_is_drawn(draw: Draw) -> None:
    assert draw([], [("a", 0, None, 5)]) == []
    assert draw([("x", 1, 2)], []) == []
