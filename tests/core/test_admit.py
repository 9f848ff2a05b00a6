"""Admission equals asking one by one, in order, on every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import duckdb
import narwhals as nw
import pytest
from hypothesis import given
from hypothesis import strategies as st

import siyu.admit
from siyu.admit import Fold, admit
from siyu.stores.engine import DuckEngine
from siyu.testing.polars import PolarsEngine
from siyu.testing.views import EngineName, view

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siyu.engine import Engine
    from siyu.kinds import Frame
    from siyu.tables import Schema

Asked = tuple[int, int, dict[str, int]]
Verdict = tuple[int, str, str | None]
KEY = "00"


def one_by_one(requests: Sequence[Asked], rooms: Mapping[str, int]) -> list[Verdict]:
    left, verdicts = dict(rooms), []
    for one, _, draws in sorted(requests, key=lambda request: request[1]):
        lacking = sorted(counter for counter in draws if left.get(counter, 0) - draws[counter] < 0)
        if not lacking:
            for counter, amount in draws.items():
                left[counter] = left.get(counter, 0) - amount
        verdicts.append((one, "refused" if lacking else "admitted", lacking[0] if lacking else None))
    return sorted(verdicts)


def answer(engine: Engine, requests: Sequence[Asked], rooms: Mapping[str, int], **options: int) -> list[Verdict]:
    rows = [(one, order, *draw) for one, order, draws in requests for draw in draws.items()]
    columns = dict(zip(("id", "order", "counter", "amount"), zip(*rows, strict=True), strict=False)) if rows else {}
    asked = engine.frame(
        {name: columns.get(name, ()) for name in ("id", "order", "counter", "amount")},
        {"id": nw.Int64(), "order": nw.Int64(), "counter": nw.String(), "amount": nw.Int64()},
    )
    counters = engine.frame(
        {"counter": list(rooms), "room": list(rooms.values())}, {"counter": nw.String(), "room": nw.Int64()}
    )
    verdicts = admit(asked, counters, engine, **options)
    assert dict(verdicts.collect_schema()) == {"id": nw.Int64(), "verdict": nw.String(), "reason": nw.String()}
    return sorted(engine.rows(verdicts))


def check(requests: Sequence[Asked], rooms: Mapping[str, int], **options: int) -> None:
    expected = one_by_one(requests, rooms)
    with duckdb.connect() as connection:
        assert answer(DuckEngine(connection.cursor(), KEY), requests, rooms, **options) == expected
    assert answer(PolarsEngine(KEY), requests, rooms, **options) == expected


NAMES = ["a", "b", "B", "ä", "茶", "lost"]
DRAWS = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 9), min_size=1, max_size=4)
ROOMS = st.dictionaries(st.sampled_from(NAMES[:-1]), st.integers(-2, 30))


@st.composite
def requests(draw: st.DrawFn) -> list[Asked]:
    draws = draw(st.lists(DRAWS, max_size=20))
    ids = draw(st.permutations(range(len(draws))))
    orders = draw(st.permutations(range(-3, len(draws) - 3)))
    return list(zip(ids, orders, draws, strict=True))


@given(asked=requests(), rooms=ROOMS, rounds=st.integers(0, 8), small=st.sampled_from([0, 6, 20_000]))
def test_admission_equals_one_by_one(asked: list[Asked], rooms: dict[str, int], rounds: int, small: int) -> None:
    check(asked, rooms, rounds=rounds, small=small)


def alternating(members: int, each: int) -> list[Asked]:
    """One member after another asks for 1, 100, 1, 99, … of a counter of their own and of a shared one."""
    asked: list[Asked] = []
    for turn in range(each):
        for member in range(members):
            amount = 1 if turn % 2 == 0 else 100 - turn // 2
            draws = {f"member-{member}": amount, "shared": amount, "touches": 1}
            asked.append((len(asked) * 7919 % 100_003, len(asked), draws))
    return asked


@pytest.mark.parametrize("rounds", [0, 1, 8, 1_000])
@pytest.mark.parametrize("members", [1, 5])
def test_alternating_amounts(members: int, rounds: int) -> None:
    asked = alternating(members, 60)
    rooms = {"member-0": 100, "member-1": 101, "member-2": 0, "member-3": 5_000, "shared": 900, "touches": 150}
    check(asked, rooms, rounds=rounds, small=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", get_args(EngineName))
def test_a_view_admits_more_than_one_fold_takes(name: EngineName) -> None:
    """As a plugin asks: with the limits that the core has, and more rows than are folded at once."""
    asked = alternating(70, 120)
    rooms = {**{f"member-{member}": 30 * member for member in range(70)}, "shared": 20_000, "touches": 6_000}
    made = view("", {}, "2026-11-20T12:00", name)
    rows = [(one, order, *draw) for one, order, draws in asked for draw in draws.items()]
    assert len(rows) > 20_000
    schema: Schema = {"id": nw.Int64(), "order": nw.Int64(), "counter": nw.String(), "amount": nw.Int64()}
    requests = made.table(dict(zip(schema, zip(*rows, strict=True), strict=True)), schema)
    counters = made.table(
        {"counter": list(rooms), "room": list(rooms.values())}, {"counter": nw.String(), "room": nw.Int64()}
    )
    expected = one_by_one(asked, rooms)
    assert sorted(made.rows(made.admit(requests, counters))) == expected
    assert {verdict for _, verdict, _ in expected} == {"admitted", "refused"}


def test_rounds_that_run_out_leave_the_rest_to_the_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    folded: list[Mapping[str, int]] = []

    class Seen(Fold):
        def decide(self, draws: Mapping[str, int]) -> tuple[bool, str | None]:
            folded.append(draws)
            return super().decide(draws)

    monkeypatch.setattr(siyu.admit, "Fold", Seen)
    asked, rooms = chain(30), {f"link-{place}": 1 for place in range(31)}
    engine = PolarsEngine(KEY)
    assert answer(engine, asked, rooms, rounds=3, small=0) == one_by_one(asked, rooms)
    assert 0 < len(folded) < len(asked)
    folded.clear()
    assert answer(engine, asked, rooms, rounds=100, small=0) == one_by_one(asked, rooms)
    assert not folded
    assert answer(engine, asked, rooms) == one_by_one(asked, rooms)
    assert len(folded) == len(asked)


def chain(length: int) -> list[Asked]:
    """Each request hangs on the one before it, so that a round decides two."""
    return [(place, place, {f"link-{place}": 1, f"link-{place + 1}": 1}) for place in range(length)]


def test_a_chain_takes_many_rounds() -> None:
    counted: list[Frame] = []

    class Counting(PolarsEngine):
        def keep(self, frame: Frame, number: str = "", *, ordered: bool = False) -> Frame:
            counted.append(frame)
            return super().keep(frame, number, ordered=ordered)

    asked, rooms = chain(40), {f"link-{place}": 1 for place in range(41)}
    assert answer(Counting(KEY), asked, rooms, rounds=100, small=0) == one_by_one(asked, rooms)
    assert len(counted) > 10


def test_no_requests_no_counters_and_no_room() -> None:
    check([], {"a": 1})
    check([], {"a": 1}, small=-1)
    check([(1, 1, {"a": 0}), (2, 2, {"a": 1})], {}, small=0)
    check([(1, 1, {"a": 0}), (2, 2, {"a": 1})], {})


def test_large_amounts_do_not_overflow() -> None:
    check([(number, number, {"budget": 2**58}) for number in range(20)], {"budget": 2**61}, small=0)


def test_fold_names_the_first_counter_without_room() -> None:
    fold = Fold({"a": 1, "b": 1})
    assert fold.decide({"a": 1, "c": 0}) == (True, None)
    assert fold.decide({"c": 1, "b": 2, "a": 0}) == (False, "b")
    assert fold.rooms == {"a": 0, "b": 1, "c": 0}
