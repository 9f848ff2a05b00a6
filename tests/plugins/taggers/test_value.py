from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import pytest

from siyu.config.units import Duration
from siyu.kinds import Tagger
from siyu_plugins.taggers.value import Value, siyu_register_taggers

Give: TypeAlias = "Callable[..., list[tuple[Any, ...]]]"

DAY = 86_400
PART = ("member", "tag", "evidence")


def order(member: int, ago: int, amount: int | None, kind: str = "ordered") -> dict[str, Any]:
    return {"member": member, "ago": ago, "amount": amount, "type": kind}


def parts(rows: Sequence[tuple[Any, ...]]) -> dict[int, int]:
    return {member: int(value) for member, _, value, _, _ in rows}


def spends(*amounts: int) -> list[dict[str, Any]]:
    """Return one order of each member, from 1 up."""
    return [order(member, 0, amount) for member, amount in enumerate(amounts, 1)]


def halves(**more: Any) -> Value:  # noqa: ANN401 - whatever the class takes
    return Value(name="half", bins=2, **more)


def test_registered_under_its_name() -> None:
    assert siyu_register_taggers() == {"value": Value}
    assert Value.scope == "population"
    assert Value.transitions == Tagger.transitions == ""


def test_deciles_by_rank_hold_a_tenth_each(give: Give) -> None:
    # Twenty members who spent 100, 200 … 2000: two in each decile.
    rows = give(Value(name="decile"), spends(*range(100, 2100, 100)))
    assert [(member, tag) for member, tag, *_ in rows] == [
        (member, f"decile-{(member - 1) // 2 + 1}") for member in range(1, 21)
    ]
    assert rows[0] == (1, "decile-1", "1", 1.0, "net 100, orders 1, bought 100, refunded 0")
    assert rows[19] == (20, "decile-10", "10", 10.0, "net 2000, orders 1, bought 2000, refunded 0")


def test_fewer_members_than_parts_leave_parts_out(give: Give) -> None:
    # Of three members in ten parts: ranks 0, 1 and 2 of 3 are parts 1, 4 and 7.
    assert parts(give(Value(name="decile"), spends(5, 50, 500))) == {1: 1, 2: 4, 3: 7}
    assert parts(give(Value(name="decile"), spends(5))) == {1: 1}


def test_ties_go_by_member_or_share_the_least_rank(give: Give) -> None:
    events = spends(100, 300, 300, 300)
    assert parts(give(halves(), events)) == {1: 1, 2: 1, 3: 2, 4: 2}
    assert parts(give(halves(ties="same"), events)) == {1: 1, 2: 1, 3: 1, 4: 1}


def test_by_value_equal_spends_are_never_parted(give: Give) -> None:
    # The median of 100, 300, 300, 300 is 300, which none exceeds; that of 100, 100, 100, 900 is 100.
    assert parts(give(halves(by="value"), spends(100, 300, 300, 300))) == {1: 1, 2: 1, 3: 1, 4: 1}
    assert parts(give(halves(by="value"), spends(100, 100, 100, 900))) == {1: 1, 2: 1, 3: 1, 4: 2}


def test_refunds_of_the_window_lessen_the_spend(give: Give) -> None:
    events = [order(1, 5, 900), order(1, 2, 800, "refunded"), order(2, 5, 500), order(2, 3, None)]
    assert give(halves(), events, columns=PART) == [
        (1, "half-1", "net 100, orders 1, bought 900, refunded 800"),
        (2, "half-2", "net 500, orders 2, bought 500, refunded 0"),
    ]
    assert give(halves(refunds=False), events, columns=PART) == [
        (1, "half-2", "net 900, orders 1, bought 900, refunded 0"),
        (2, "half-1", "net 500, orders 2, bought 500, refunded 0"),
    ]


# Member 1 spent; 2 gave all of it back, 3 more than that, as the order was before the window; 4 never bought.
UNEQUAL = [
    *(order(1, 1, 100), order(5, 1, 200)),
    *(order(2, 5, 300), order(2, 4, 300, "refunded")),
    *(order(3, 15, 800), order(3, 2, 800, "refunded"), order(3, 1, 50)),
]
KNOWN: dict[int, dict[str, Any]] = {member: {} for member in range(1, 6)}
WINDOW = Duration(10 * DAY)


def test_who_spent_nothing_is_untagged(give: Give) -> None:
    found = give(halves(window=WINDOW), UNEQUAL, members=KNOWN, columns=PART[:2])
    assert found == [(1, "half-1"), (5, "half-2")]


def test_who_spent_nothing_may_be_in_the_lowest_part_which_moves_no_cut(give: Give) -> None:
    rows = give(halves(window=WINDOW, others="lowest"), UNEQUAL, members=KNOWN, columns=PART)
    assert rows == [
        (1, "half-1", "net 100, orders 1, bought 100, refunded 0"),
        (2, "half-1", "net 0, orders 1, bought 300, refunded 300"),
        (3, "half-1", "net -750, orders 1, bought 50, refunded 800"),
        (4, "half-1", "net 0, orders 0, bought 0, refunded 0"),
        (5, "half-2", "net 200, orders 1, bought 200, refunded 0"),
    ]


def test_who_spent_nothing_may_be_scored_with_the_rest(give: Give) -> None:
    # In the order of net spend: 3 (-750), 2 and 4 (0), 1 (100), 5 (200); half of five is the first three.
    rows = give(halves(window=WINDOW, others="scored"), UNEQUAL, members=KNOWN)
    assert parts(rows) == {3: 1, 2: 1, 4: 1, 1: 2, 5: 2}


def test_the_window_ends_with_the_day_of_the_run(give: Give) -> None:
    events = [order(1, 9, 100), order(2, 10, 100), order(3, -1, 100), {**order(1, 1, 9), "member": None}]
    assert list(parts(give(halves(window=WINDOW), events))) == [1]


def test_other_events_and_names(give: Give) -> None:
    tagger = halves(event="paid", names=("silver", "gold"))
    events = [order(1, 1, 10, "paid"), order(2, 1, 20, "paid"), order(3, 1, 90)]
    assert tagger.gives == ("silver", "gold")
    assert give(tagger, events, columns=PART[:2]) == [(1, "silver"), (2, "gold")]


def test_nobody_is_tagged_where_nobody_spent(give: Give) -> None:
    assert give(Value(name="decile")) == []
    assert give(Value(name="decile", by="value", others="lowest")) == []
    assert give(Value(name="decile", others="scored"), members={7: {}}, columns=PART[:2]) == [(7, "decile-1")]


def test_the_upper_half_is_of_high_value() -> None:
    assert Value(name="d").facts() == {"valuable_tags": ("d-6", "d-7", "d-8", "d-9", "d-10")}
    assert Value(name="d", bins=3).facts() == {"valuable_tags": ("d-3",)}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"window": Duration(DAY // 2)}, "expected whole days in window, as in '90d', not '12h'"),
        ({"bins": 1}, "expected 2 to 100 parts, as in bins = 10, not 1"),
        ({"bins": 101}, "not 101"),
        ({"bins": 2, "names": ("a",)}, "expected 2 different names, one for each of the parts"),
        ({"bins": 2, "names": ("a", "a")}, "expected 2 different names"),
        ({"bins": 2, "names": ("a", "b", "b")}, "expected 2 different names"),
        ({"bins": 2, "names": ("a", "")}, "expected 2 different names"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Value(name="decile", **wrong)
