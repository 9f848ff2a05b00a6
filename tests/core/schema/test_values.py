"""The schema and the converter, both ways: what one takes the other takes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.config.test_structure import Whole, test_what_each_type_refuses, test_what_each_type_takes

from siyu.config._converter import _PARSED, _WORDS
from siyu.config._fields import fields_of, written
from siyu.config.days import FESTIVALS
from siyu.config.files import Source
from siyu.config.structure import structure
from siyu.config.units import Duration
from siyu.kinds import Reward
from siyu.schema.classes import Classes
from siyu.schema.values import LEAVES

Editor = Callable[[Any], Any]

# What JSON or a pattern cannot tell: 1.0 from 1, a text from a day, a flaw within a condition.
BEYOND = [{"to": "a >"}]
FIELDS = {written(field.name): field.type for field in fields_of(Whole) if field.name != "name"}


@pytest.fixture(scope="module")
def whole(editor: Editor) -> Any:  # noqa: ANN401 - what checks by a schema
    classes = Classes()
    found = classes.table(Whole, without=("name",))
    return editor({**found, "$defs": classes.kept})


@pytest.fixture(scope="module")
def days(editor: Editor) -> Any:  # noqa: ANN401 - what checks by a schema
    return editor(Classes().of(date))


def structured(table: object) -> bool:
    return structure(Whole, table, path=("a",), source=Source(Path()), problems=[], name="given") is not None


def cases(test: object) -> list[dict[str, Any]]:
    return [each[0] for each in test.pytestmark[0].args[1]]  # type: ignore[attr-defined]


@pytest.mark.parametrize("table", cases(test_what_each_type_takes), ids=str)
def test_what_is_taken(table: dict[str, Any], whole: Any) -> None:  # noqa: ANN401 - as above
    assert whole.problems(table) == []


@pytest.mark.parametrize("table", cases(test_what_each_type_refuses), ids=str)
def test_what_is_refused(table: dict[str, Any], whole: Any) -> None:  # noqa: ANN401 - as above
    assert not structured(table)
    assert whole.takes(table) == (table in BEYOND)


def test_every_type_of_value_has_a_schema() -> None:
    assert {*_WORDS, *_PARSED} <= set(LEAVES)
    assert set(LEAVES) <= {*_WORDS, *_PARSED, Reward}


CLOCKS = st.sampled_from(["10:00", "09:30:15", "23:59", "24:00", "9:30", "10:00:00"])
NEAR = st.one_of(
    st.from_regex(r"[0-9]{0,5}w?[0-9]{0,3}d?[0-9]{0,3}h?[0-9]{0,2}m?s?", fullmatch=True),
    st.from_regex(r"-?[0-9]{1,17}(\.[0-9]{0,3})?%?", fullmatch=True),
    st.from_regex(r"(000[04]|[12][0-9]00|20[0-9]{2})-[01][0-9]-[0-3][0-9]", fullmatch=True),
    st.tuples(CLOCKS, st.sampled_from(["-", " - ", "\u2013", " ", "--"]), CLOCKS).map("".join),
    CLOCKS,
    st.sampled_from([*FESTIVALS, "lifetime", "red", "mon-fri", "Sat, sun", "mon-", "monday", "", " ", "1d\n", "२d"]),
    st.text(max_size=6),
)
SCALARS = st.one_of(NEAR, st.integers(-(2**64), 2**64), st.integers(-3, 3), st.booleans(), st.floats())
TABLES = st.one_of(
    st.dictionaries(st.sampled_from(["id", "times", "ratio", "env", "file", "points"]), SCALARS, max_size=3),
    st.fixed_dictionaries({"id": st.text(max_size=3)}, optional={"times": st.integers(-1, 2)}),
)
VALUES = st.one_of(SCALARS, TABLES, st.lists(st.one_of(SCALARS, TABLES), max_size=3))


def too_long(value: object) -> bool:
    """Whether a text is a duration but for its length: no pattern adds up."""
    try:
        Duration.parse(value)
    except ValueError as error:
        return "at most" in str(error)
    return False


@pytest.mark.parametrize("key", FIELDS)
@given(data=st.data())
def test_both_take_the_same(key: str, data: st.DataObject, whole: Any) -> None:  # noqa: ANN401 - as above
    value = data.draw(VALUES)
    if key == "from":
        value = data.draw(st.one_of(st.just(value), st.dates()))
    table = {key: value}
    known, taken = structured(table), whole.takes(table)
    if key == "to":
        assert taken or not known
    elif not too_long(value):
        assert taken == known


@given(st.dates())
def test_every_day_is_a_day(days: Any, day: date) -> None:  # noqa: ANN401 - as above
    assert days.takes(day)
    assert days.takes(day.isoformat())
