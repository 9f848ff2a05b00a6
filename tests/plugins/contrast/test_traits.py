from __future__ import annotations

from collections import Counter
from math import ceil
from typing import Any, TypeAlias, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.audiences import FEATURES, audience

from siyu.config.expressions import Condition
from siyu.testing.views import EngineName
from siyu.view import View
from siyu_plugins._contrast import traits
from siyu_plugins._contrast.counting import INSIDE, common, counts, cuts
from siyu_plugins._contrast.significance import Counts
from siyu_plugins._contrast.traits import Trait

Row: TypeAlias = "dict[str, Any]"

ENGINES: tuple[EngineName, ...] = get_args(EngineName)
BRAND = FEATURES + "[tagger.t]\nuse = 'rules'\nwhen.active = 'views > 3'\n"
NUMBERS = {"views": "integer", "spend": "money", "cups": "real", "last_view": "day"}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> EngineName:
    return request.param  # type: ignore[no-any-return]


def member_rows() -> st.SearchStrategy[list[Row]]:
    row = st.fixed_dictionaries(
        {
            "views": st.none() | st.integers(-2, 4),
            "spend": st.none() | st.integers(-500, 100_000),
            "cups": st.none() | st.integers(-9, 9).map(lambda thirds: thirds / 3),
            "last_view": st.none() | st.integers(20_000, 20_005),
        }
    )
    return st.lists(row, max_size=25).map(lambda rows: [{"member": at, **one} for at, one in enumerate(rows)])


def reference_cuts(values: list[Any], parts: int) -> tuple[Any, ...]:
    """Return the least values up to which there are so many parts of all, from the sorted values."""
    known = sorted(value for value in values if value is not None)
    found = [known[ceil(len(known) * part / parts) - 1] for part in range(1, parts + 1)] if known else []
    if known and found[0] == known[-1] > known[0]:
        found[0] = max(value for value in known if value < known[-1])
    return tuple(found)


@given(member_rows(), st.integers(2, 6))
def test_cuts_are_values_that_occur(rows: list[Row], parts: int) -> None:
    expected = {name: reference_cuts([row[name] for row in rows], parts) for name in NUMBERS}
    for engine in ENGINES:
        seen = audience(BRAND, rows, engine)
        assert cuts(seen, seen.members, NUMBERS, parts) == {name: found for name, found in expected.items() if found}


@given(member_rows(), st.integers(2, 6))
def test_a_range_is_what_its_condition_says(rows: list[Row], parts: int) -> None:
    for engine in ENGINES:
        seen = audience(BRAND, rows, engine)
        for name, found in cuts(seen, seen.members, NUMBERS, parts).items():
            held = [members_with(seen, trait) for trait in traits.ranges(name, NUMBERS[name], found, 2)]
            known = {row["member"] for row in rows if row[name] is not None}
            # Each member whose number is known is in one range, but for a column of one value, which has none.
            assert sorted(member for members in held for member in members) == sorted(known if held else ())
            assert bool(held) == (len({row[name] for row in rows if row["member"] in known}) > 1)


def members_with(seen: View, trait: Trait) -> list[int]:
    """Return who has a trait, by its expression and by its condition alike."""
    condition = Condition.parse(trait.condition)
    assert condition.check(seen.names) == []
    by_words = seen.profile(condition).filter(seen.compile(condition))
    held = sorted(seen.rows(seen.profile(condition).filter(trait.holds).select("member")))
    assert held == sorted(seen.rows(by_words.select("member")))
    return [member for (member,) in held]


def test_ranges_by_hand() -> None:
    found = list(traits.ranges("views", "integer", (0, 0, 2, 7), 2))
    assert [(one.name, one.condition, one.above, one.up_to) for one in found] == [
        ("views 1/4", "views <= 0", None, 0),
        ("views 3/4", "0 < views <= 2", 0, 2),
        ("views 4/4", "views > 2", 2, None),
    ]
    assert [one.condition for one in traits.ranges("spend", "money", (-150, 5_000), 2)] == [
        "spend <= '-1.50'",
        "spend > '-1.50'",
    ]
    assert [one.condition for one in traits.ranges("spend", "money", (1, 2), 0)] == ["spend <= '1'", "spend > '1'"]
    assert [one.condition for one in traits.ranges("last_view", "day", (0, 20_000, 20_001), 2)] == [
        "last_view <= '1970-01-01'",
        "'1970-01-01' < last_view <= '2024-10-04'",
        "last_view > '2024-10-04'",
    ]
    assert [one.condition for one in traits.ranges("cups", "real", (0.00001, 2.5), 2)] == [
        "cups <= 0.00001",
        "cups > 0.00001",
    ]


def test_the_greatest_value_is_no_bound_where_it_fills_more_than_a_part() -> None:
    assert [(one.name, one.condition) for one in traits.ranges("views", "integer", (0, 5, 5, 5), 2)] == [
        ("views 1/4", "views <= 0"),
        ("views 2/4", "views > 0"),
    ]
    assert list(traits.ranges("views", "integer", (5, 5, 5, 5), 2)) == []


def test_values_flags_and_tags(engine: EngineName) -> None:
    rows: list[Row] = [
        {"member": 1, "taste": "green", "keen": True},
        {"member": 2, "taste": "Earl's", "keen": False},
        {"member": 3, "taste": None, "keen": None},
    ]
    seen = audience(BRAND, rows, engine, tags={"active": [2, 3]})
    assert members_with(seen, traits.value("taste", "green")) == [1]
    assert members_with(seen, traits.value("taste", "Earl's")) == [2]
    assert members_with(seen, traits.flag("keen")) == [1]
    assert members_with(seen, traits.tag("active")) == [2, 3]


def test_the_most_common_texts_come_first_and_ties_go_by_the_text(engine: EngineName) -> None:
    tastes = ["b", "c", "a", "b", "", None, "c", "d", "绿茶", "绿茶", "绿茶"]
    seen = audience(BRAND, [{"member": at, "taste": taste, "region": "x"} for at, taste in enumerate(tastes)], engine)
    assert common(seen, seen.members, ["taste", "region", "language"], 4) == {
        "taste": ["绿茶", "b", "c", "a"],
        "region": ["x"],
        "language": [],
    }
    assert common(seen, seen.members, [], 4) == {}


@given(st.lists(st.tuples(st.booleans(), st.none() | st.booleans(), st.sampled_from(["a", "b", None])), max_size=20))
def test_counts_are_those_of_the_members(rows: list[tuple[bool, bool | None, str | None]]) -> None:
    members = [{"member": at, "keen": keen, "taste": taste} for at, (_, keen, taste) in enumerate(rows)]
    group = [at for at, (inside, *_) in enumerate(rows) if inside]
    times = Counter((inside, keen is True, taste == "a") for inside, keen, taste in rows)
    size, others = len(group), len(rows) - len(group)
    expected = [
        Counts(times_of(times, at, inside=True), size, times_of(times, at, inside=False), others) for at in (1, 2)
    ]
    for engine in ENGINES:
        seen = audience(BRAND, members, engine, tags={"active": group})
        condition = Condition.parse("tag('active')")
        frame = seen.profile(condition).with_columns(seen.compile(condition).alias(INSIDE))
        found = counts(seen, frame, [traits.flag("keen"), traits.value("taste", "a")])
        assert found == (size, others, expected)


def times_of(times: Counter[tuple[bool, bool, bool]], at: int, *, inside: bool) -> int:
    return sum(number for key, number in times.items() if key[0] == inside and key[at])
