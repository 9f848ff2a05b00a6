"""The portable frame operations give the same on DuckDB and Polars, and what plain Python gives."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import duckdb
import narwhals as nw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu import frames
from siyu.calendars import calendar_rows, offsets, zone_row
from siyu.stores.engine import DuckEngine
from siyu.testing.polars import PolarsEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from siyu.engine import Engine
    from siyu.kinds import Frame
    from siyu.tables import Schema

KEY = bytes(range(32)).hex()
ZONES = [
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",  # changed at midnight
    "America/St_Johns",  # changed at one minute past midnight
    "Asia/Beirut",  # changes at midnight
    "Africa/Cairo",  # changes at midnight
    "America/Nuuk",  # falls back over midnight
    "Australia/Lord_Howe",  # changes by half an hour
    "Pacific/Apia",  # left out 2011-12-30
    "Asia/Kathmandu",
]
EPOCH = date(1970, 1, 1)


@pytest.fixture(params=[DuckEngine, PolarsEngine])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param is PolarsEngine:
        yield PolarsEngine(KEY)
        return
    with duckdb.connect() as connection:
        yield DuckEngine(connection.cursor(), KEY)


def on_both(work: Callable[[Engine], list[tuple[object, ...]]]) -> list[tuple[object, ...]]:
    """Do the work on both engines, and return the result that they agree on."""
    with duckdb.connect() as connection:
        native = work(DuckEngine(connection.cursor(), KEY))
    assert work(PolarsEngine(KEY)) == native
    return native


def scores(engine: Engine) -> Frame:
    return engine.frame(
        {"who": [1, 1, 2, 1], "when": [5, None, 7, 3], "what": ["a", "b", "c", "d"]},
        {"who": nw.Int32(), "when": nw.Int64(), "what": nw.String()},
    )


def test_row_number_counts_from_one_in_each_group(engine: Engine) -> None:
    numbered = frames.row_number(scores(engine), ["who"], ["when"])
    assert numbered.collect_schema()["row"] == nw.Int64()
    assert sorted(engine.rows(numbered.select("what", "row"))) == [("a", 3), ("b", 1), ("c", 1), ("d", 2)]


def test_row_number_without_groups_and_downwards(engine: Engine) -> None:
    known = scores(engine).filter(~nw.col("when").is_null())
    numbered = frames.row_number(known, [], ["-when", "what"], name="place")
    assert numbered.collect_schema().names() == ["who", "when", "what", "place"]
    assert sorted(engine.rows(numbered.select("what", "place"))) == [("a", 2), ("c", 1), ("d", 3)]


def test_latest_keeps_the_last_row_of_each_group(engine: Engine) -> None:
    kept = frames.latest(scores(engine), ["who"], ["when", "what"])
    assert sorted(engine.rows(kept)) == [(1, 5, "a"), (2, 7, "c")]
    known = scores(engine).filter(~nw.col("when").is_null())
    assert engine.rows(frames.latest(known, [], ["-when"])) == [(1, 3, "d")]


def test_long_makes_a_row_of_each_value(engine: Engine) -> None:
    wide = engine.frame({"m": [1, 2], "x": [10, None], "y": [30, 40]}, dict.fromkeys("mxy", nw.Int64()))
    made = frames.long(wide, ["m"], ["x", "y"], name="feature")
    assert made.collect_schema().names() == ["m", "feature", "value"]
    assert sorted(engine.rows(made.filter(~nw.col("value").is_null()))) == [(1, "x", 10), (1, "y", 30), (2, "y", 40)]
    assert (2, "x", None) in engine.rows(made)


def test_distinct_has_each_value_once(engine: Engine) -> None:
    columns: dict[str, list[str | None] | list[int]] = {"a": ["x", "x", None, "y", None], "b": [1, 1, 2, 1, 2]}
    frame = engine.frame(columns, {"a": nw.String(), "b": nw.Int64()})
    assert sorted(engine.rows(frames.distinct(frame, "a")), key=str) == [("x",), ("y",), (None,)]
    assert sorted(engine.rows(frames.distinct(frame, "b", "a")), key=str) == [(1, "x"), (1, "y"), (2, None)]
    assert frames.distinct(frame, "b", "a").collect_schema().names() == ["b", "a"]


def test_total_is_int64_and_zero_for_nothing(engine: Engine) -> None:
    sums = scores(engine).group_by("who").agg(n=frames.total("when"))
    assert sums.collect_schema()["n"] == nw.Int64()
    assert sorted(engine.rows(sums)) == [(1, 8), (2, 7)]
    assert engine.rows(scores(engine).filter(nw.col("who") > 5).select(n=frames.total("when"))) == [(0,)]
    assert engine.rows(scores(engine).select(n=frames.total(nw.col("when") * 2))) == [(30,)]


def test_cast_like_adds_orders_and_casts(engine: Engine) -> None:
    schema: Schema = {
        "what": nw.String(),
        "when": nw.Float64(),
        "who": nw.Int64(),
        "note": nw.String(),
        "time": nw.Datetime("us"),
    }
    like = frames.cast_like(scores(engine), schema)
    assert dict(like.collect_schema()) == schema
    assert ("a", 5.0, 1, None, None) in engine.rows(like)


MOMENTS = st.lists(st.tuples(st.integers(0, 2), st.none() | st.integers(0, 8)), max_size=12)


@given(asked=MOMENTS, happened=MOMENTS, inclusive=st.booleans())
def test_next_after_is_the_least_later_moment(
    asked: list[tuple[int, int | None]],
    happened: list[tuple[int, int | None]],
    inclusive: bool,  # noqa: FBT001
) -> None:
    schema: Schema = {"who": nw.Int64(), "at": nw.Int64()}

    def table(engine: Engine, rows: list[tuple[int, int | None]]) -> Frame:
        return engine.frame({"who": [who for who, _ in rows], "at": [at for _, at in rows]}, schema)

    def work(engine: Engine) -> list[tuple[object, ...]]:
        events = table(engine, happened)
        found = frames.next_after(table(engine, asked), events, by=["who"], at="at", name="then", inclusive=inclusive)
        assert found.collect_schema() == {**schema, "then": nw.Int64()}
        return sorted(engine.rows(found), key=repr)

    def later(who: int, at: int | None) -> int | None:
        if at is None:
            return None
        after = (a for w, a in happened if w == who and a is not None and (a > at or (inclusive and a == at)))
        return min(after, default=None)

    assert on_both(work) == sorted(((who, at, later(who, at)) for who, at in asked), key=repr)


def wall(zone: str, day: int, clock: int) -> int:
    """What zoneinfo says: the first occurrence, and a skipped time by the offset before the change."""
    moment = datetime(1970, 1, 1, tzinfo=ZoneInfo(zone)) + timedelta(days=day, seconds=clock)
    return int(moment.timestamp())


def changed_days(zone: str) -> list[int]:
    spans = offsets(zone, 1_200_000_000, 1_900_000_000)
    return [(start + offset) // 86400 + more for start, _, offset in spans[1:] for more in (-1, 0, 1)]


@pytest.mark.parametrize("zone", ZONES)
def test_local_time_agrees_with_zoneinfo(zone: str, engine: Engine) -> None:
    clocks = [0, 30, 60, 1800, 3599, 3600, 5400, 7200, 9000, 10800, 36000, 82800, 84600, 86399]
    days = sorted({*changed_days(zone), *range(18000, 18400, 37)})
    rows = calendar_rows(zone, min(days), max(days))
    calendar = engine.frame(
        {name: rows[name] for name in ("day", "midnight", "change", "shift")},
        {"day": nw.Int32(), "midnight": nw.Int64(), "change": nw.Int64(), "shift": nw.Int64()},
    )
    asked = [(day, clock) for day in days for clock in clocks]
    frame = engine.frame(
        {"on": [day for day, _ in asked], "clock": [clock for _, clock in asked]},
        {"on": nw.Int32(), "clock": nw.Int64()},
    )
    told = frames.local_time(frame, calendar, day="on", clock="clock", name="moment")
    found = {(day, clock): moment for day, clock, moment in engine.rows(told)}
    assert found == {(day, clock): wall(zone, day, clock) for day, clock in asked}


def test_local_time_takes_a_constant_and_is_null_off_the_calendar(engine: Engine) -> None:
    rows = calendar_rows("Europe/Berlin", 19800, 19800)
    calendar = engine.frame(
        {name: rows[name] for name in ("day", "midnight", "change", "shift")},
        {"day": nw.Int32(), "midnight": nw.Int64(), "change": nw.Int64(), "shift": nw.Int64()},
    )
    frame = engine.frame({"day": [19800, 19801]}, {"day": nw.Int32()})
    told = frames.local_time(frame, calendar, day="day", clock=36000, name="ten")
    assert sorted(engine.rows(told)) == [(19800, wall("Europe/Berlin", 19800, 36000)), (19801, None)]


@given(zone=st.sampled_from(ZONES), second=st.integers(0, 1_900_000_000))
def test_zone_row_is_the_offset_and_the_start_of_the_day(zone: str, second: int) -> None:
    local = datetime.fromtimestamp(second, ZoneInfo(zone))
    name, offset, midnight = zone_row(zone, second)
    assert (name, timedelta(seconds=offset)) == (zone, local.utcoffset())
    assert midnight <= second
    assert datetime.fromtimestamp(midnight, ZoneInfo(zone)).date() == local.date()
    assert datetime.fromtimestamp(midnight - 1, ZoneInfo(zone)).date() < local.date()


@pytest.mark.parametrize("zone", ZONES)
def test_offsets_are_exact_and_without_gaps(zone: str) -> None:
    first, last = 1_200_000_000, 1_500_000_000
    spans = offsets(zone, first, last)
    assert spans[0][0] == first
    assert spans[-1][1] == last + 1
    for (_, until, before), (start, _, after) in pairwise(spans):
        assert until == start
        assert before != after
        for second, offset in ((start - 1, before), (start, after)):
            assert datetime.fromtimestamp(second, ZoneInfo(zone)).utcoffset() == timedelta(seconds=offset)


def test_offsets_of_one_second() -> None:
    assert offsets("Asia/Shanghai", 1_700_000_000, 1_700_000_000) == [(1_700_000_000, 1_700_000_001, 28800)]


def test_calendar_names_days() -> None:
    day = (date(2026, 11, 5) - EPOCH).days
    rows = calendar_rows("Asia/Shanghai", day, day + 1)
    assert {name: values[0] for name, values in rows.items()} == {
        "day": day,
        "date": "2026-11-05",
        "week": day - 3,
        "month": "2026-11",
        "quarter": "2026-Q4",
        "year": "2026",
        "weekday": 4,
        "month_start": day - 4,
        "midnight": day * 86400 - 28800,
        "change": None,
        "shift": None,
    }
    assert rows["date"] == ["2026-11-05", "2026-11-06"]


def test_calendar_of_a_day_that_a_zone_left_out() -> None:
    missing = (date(2011, 12, 30) - EPOCH).days
    rows = calendar_rows("Pacific/Apia", missing - 1, missing + 1)
    assert rows["midnight"][1] == rows["midnight"][2] == rows["change"][1]
    assert rows["shift"] == [None, 86400, None]
