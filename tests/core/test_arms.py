"""Arms are even, lasting, unrelated between salts, and equal on every engine."""

from __future__ import annotations

import duckdb
import narwhals as nw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.arms import SHARES, arm, arm_expr, draw, drawn
from siyu.keys import hashed
from siyu.stores.engine import DuckEngine
from siyu.testing.polars import PolarsEngine

MEMBERS = [0, 1, 2**31 - 2, 2**31 - 1, 2**31, 2**62 - 1, *(hashed("00", str(number)) for number in range(20_000))]


@given(members=st.lists(st.integers(0, 2**62), min_size=1, max_size=20), salt=st.text(), size=st.integers(1, 2**31))
def test_engines_and_python_agree(members: list[int], salt: str, size: int) -> None:
    expected = [(arm(member, salt), drawn(member, salt, size)) for member in members]
    with duckdb.connect() as connection:
        for engine in (DuckEngine(connection.cursor(), "00"), PolarsEngine("00")):
            frame = engine.frame({"member": members}, {"member": nw.Int64()})
            found = frame.select(arm=arm_expr("member", salt), draw=draw(nw.col("member"), salt, size))
            assert dict(found.collect_schema()) == {"arm": nw.Int64(), "draw": nw.Int64()}
            assert sorted(engine.rows(found)) == sorted(expected)


@pytest.mark.parametrize("salt", ["welcome", "win-back", "", "实验"])
def test_arms_are_even(salt: str) -> None:
    counts = [0] * 10
    for member in MEMBERS:
        number = arm(member, salt)
        assert 0 <= number < SHARES
        counts[number * 10 // SHARES] += 1
    expected = len(MEMBERS) / 10
    # The 99.99 % bound of chi squared with nine degrees of freedom.
    assert sum((count - expected) ** 2 / expected for count in counts) < 33.7


def test_salts_are_unrelated() -> None:
    both = sum(arm(member, "one") < 5_000 and arm(member, "two") < 5_000 for member in MEMBERS)
    assert abs(both / len(MEMBERS) - 0.25) < 0.02


def test_arms_do_not_change_between_releases() -> None:
    assert [arm(member, "welcome") for member in (0, 1, 2**62 - 1)] == PINNED


def test_draw_of_one_is_zero() -> None:
    assert {drawn(member, "salt", 1) for member in MEMBERS[:50]} == {0}


PINNED = [5724, 8359, 5724]
