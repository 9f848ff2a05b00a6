from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any, TypeAlias

import pytest

from siyu.config.units import Duration
from siyu.testing.views import programme_of
from siyu_plugins.taggers.rfm import CELLS, Cell, Rfm, siyu_register_taggers

Give: TypeAlias = "Callable[..., list[tuple[Any, ...]]]"

DAY = 86_400


def order(member: int, ago: int, amount: int | None, kind: str = "ordered") -> dict[str, Any]:
    return {"member": member, "ago": ago, "amount": amount, "type": kind}


# Members 1 to 5: last order 1, 5, 5, 8, 0 days ago; 2, 1, 1, 1, 1 orders; 300, 300, 300, 50, 1000.
FIVE = [
    order(1, 9, 100),
    order(1, 1, 200),
    order(2, 5, 300),
    order(3, 5, 300),
    order(4, 8, 50),
    order(5, 0, 1000),
]


def values(rows: Sequence[tuple[Any, ...]]) -> dict[int, str]:
    return {member: value for member, _, value, _, _ in rows}


def test_registered_under_its_name() -> None:
    assert siyu_register_taggers() == {"rfm": Rfm}
    assert Rfm.scope == "population"


def test_by_rank_ties_go_by_member(give: Give) -> None:
    rows = give(Rfm(name="rfm"), FIVE)
    assert [(member, tag, value, evidence) for member, tag, value, _, evidence in rows] == [
        (1, "loyal", "r4f5m2", "recency 1 d, 2 orders, 300"),
        (2, "hibernating", "r2f1m3", "recency 5 d, 1 orders, 300"),
        (3, "big-spenders", "r3f2m4", "recency 5 d, 1 orders, 300"),
        (4, "at-risk", "r1f3m1", "recency 8 d, 1 orders, 50"),
        (5, "champions", "r5f4m5", "recency 0 d, 1 orders, 1000"),
    ]
    assert [row[3] for row in rows] == pytest.approx([11 / 3, 2, 3, 5 / 3, 14 / 3])


def test_by_rank_equal_values_can_share_the_least_rank(give: Give) -> None:
    assert values(give(Rfm(name="rfm", ties="same"), FIVE)) == {
        1: "r4f5m2",
        2: "r2f1m2",
        3: "r2f1m2",
        4: "r1f1m1",
        5: "r5f1m5",
    }


def test_by_value_parts_at_linear_quantiles(give: Give) -> None:
    # The cuts of 0, 10, 100, 1000 in two are at 55; in three at 10 (a value itself, not exceeded by 10) and 100.
    events = [order(member, 0, amount) for member, amount in enumerate([0, 10, 100, 1000])]
    cells = {"all": Cell()}
    halves = values(give(Rfm(name="rfm", by="value", bins=2, cells=cells), events))
    assert halves == {0: "r1f1m1", 1: "r1f1m1", 2: "r1f1m2", 3: "r1f1m2"}
    thirds = values(give(Rfm(name="rfm", by="value", bins=3, cells=cells), events))
    assert thirds == {0: "r1f1m1", 1: "r1f1m1", 2: "r1f1m2", 3: "r1f1m3"}


# Twelve members: days since the last order, orders, and money in fen; each column has ties.
TABLE = {
    1: (0, 6, 90_000),
    2: (0, 6, 90_000),
    3: (0, 2, 30_000),
    4: (2, 4, 50_000),
    5: (2, 3, 30_000),
    6: (5, 1, 20_000),
    7: (9, 1, 12_000),
    8: (9, 1, 12_000),
    9: (30, 5, 70_000),
    10: (30, 1, 12_000),
    11: (30, 2, 5_000),
    12: (80, 1, 2_000),
}
# By rank the scores are (rank - 1) * 5 // 12 + 1: of twelve ranks 1, 1, 1, 2, 2, 3, 3, 3, 4, 4, 5, 5. From worst to
# best the members are, where those of a tie go by id:
#   recency    12 | 9 10 11 | 7 8 | 6 | 4 5 | 1 2 3
#   frequency  6 7 8 10 12 | 3 11 | 5 | 4 | 9 | 1 2
#   money      12 | 11 | 7 8 10 | 6 | 3 5 | 4 | 9 | 1 2
TIES_BY_MEMBER = {
    1: ("r4f5m5", "champions"),
    2: ("r5f5m5", "champions"),
    3: ("r5f3m3", "promising"),
    4: ("r3f4m4", "loyal"),
    5: ("r4f3m3", "promising"),
    6: ("r3f1m3", "needs-attention"),
    7: ("r2f1m1", "hibernating"),
    8: ("r3f1m2", "needs-attention"),
    9: ("r1f4m4", "cannot-lose"),
    10: ("r1f2m2", "lost"),
    11: ("r2f3m1", "at-risk"),
    12: ("r1f2m1", "lost"),
}
# All of a tie have its least rank. Recency: ranks 1, 2, 5, 7, 8, 10; frequency: 1, 6, 8, 9, 10, 11; money: 1, 2, 3, 6,
# 7, 9, 10, 11.
TIES_THE_SAME = {
    1: ("r4f5m5", "champions"),
    2: ("r4f5m5", "champions"),
    3: ("r4f3m3", "promising"),
    4: ("r3f4m4", "loyal"),
    5: ("r3f3m3", "needs-attention"),
    6: ("r3f1m3", "needs-attention"),
    7: ("r2f1m1", "hibernating"),
    8: ("r2f1m1", "hibernating"),
    9: ("r1f4m4", "cannot-lose"),
    10: ("r1f1m1", "lost"),
    11: ("r1f3m1", "at-risk"),
    12: ("r1f1m1", "lost"),
}
# The cuts stand at 2.2, 4.4, 6.6 and 8.8 of the places 0 to 11, in a line between the values there; a value that is a
# cut does not exceed it. Recency, in days ago: 30, 9, 3.2, 0.4; frequency: 1, 1.4, 2.6, 4.8; money: 120, 152, 300, 660.
BY_VALUE = {
    1: ("r5f5m5", "champions"),
    2: ("r5f5m5", "champions"),
    3: ("r5f3m3", "promising"),
    4: ("r4f4m4", "champions"),
    5: ("r4f4m3", "loyal"),
    6: ("r3f1m3", "needs-attention"),
    7: ("r2f1m1", "hibernating"),
    8: ("r2f1m1", "hibernating"),
    9: ("r1f5m5", "cannot-lose"),
    10: ("r1f1m1", "lost"),
    11: ("r1f3m1", "at-risk"),
    12: ("r1f1m1", "lost"),
}


def orders(table: Mapping[int, tuple[int, int, int]]) -> list[dict[str, Any]]:
    """Return the orders behind a table: the last one is worth all of the money, those before it, days ago, nothing."""
    return [
        order(member, ago + earlier, 0 if earlier else money)
        for member, (ago, number, money) in table.items()
        for earlier in range(number)
    ]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("", TIES_BY_MEMBER),
        ('by = "rank"\nties = "member"', TIES_BY_MEMBER),
        ('by = "rank"\nties = "same"', TIES_THE_SAME),
        ('by = "value"', BY_VALUE),
    ],
    ids=["default", "rank-member", "rank-same", "value"],
)
def test_the_cells_of_a_hand_computed_table_with_ties_by_each_rule_of_the_config(
    give: Give, config: str, expected: Mapping[int, tuple[str, str]]
) -> None:
    programme, _ = programme_of(f'[tagger.rfm]\nuse = "rfm"\n{config}\n')
    tagger = programme.component("tagger", "rfm")
    rows = give(tagger, orders(TABLE))
    assert {member: (value, tag) for member, tag, value, _, _ in rows} == expected
    evidence = {member: f"recency {ago} d, {number} orders, {money}" for member, (ago, number, money) in TABLE.items()}
    assert {row[0]: row[4] for row in rows} == evidence


def test_the_three_hand_computed_tables_differ() -> None:
    assert len({str(table) for table in (TIES_BY_MEMBER, TIES_THE_SAME, BY_VALUE)}) == 3


def test_a_single_member_is_scored(give: Give) -> None:
    assert values(give(Rfm(name="rfm"), [order(7, 3, 100)])) == {7: "r1f1m1"}
    assert values(give(Rfm(name="rfm", by="value"), [order(7, 3, 100)])) == {7: "r1f1m1"}


def test_only_members_with_an_order_in_the_window_are_scored(give: Give) -> None:
    window = Duration(10 * DAY)
    events = [order(1, 9, 100), order(2, 10, 100), order(3, 1, 100, "refunded"), order(4, 1, 5, "viewed")]
    assert list(values(give(Rfm(name="rfm", window=window), [*events, {**order(1, 1, 9), "member": None}]))) == [1]


def test_refunds_lessen_the_money_but_are_no_orders(give: Give) -> None:
    events = [order(1, 5, 500), order(1, 2, 600, "refunded"), order(1, 4, None), order(2, 5, 500)]
    rows = give(Rfm(name="rfm"), events, columns=["member", "evidence"])
    assert rows == [(1, "recency 4 d, 2 orders, -100"), (2, "recency 5 d, 1 orders, 500")]
    kept = give(Rfm(name="rfm", refunds=False), events, columns=["member", "evidence"])
    assert kept == [(1, "recency 4 d, 2 orders, 500"), (2, "recency 5 d, 1 orders, 500")]


def test_the_narrowest_cell_wins_and_ties_go_by_name(give: Give) -> None:
    cells = {"wide": Cell(), "b": Cell(m=(1, 2)), "a": Cell(r=(1, 2)), "best": Cell(r=(2, 2), f=(2, 2), m=(2, 2))}
    rfm = Rfm(name="rfm", bins=2, cells=cells)
    rows = give(rfm, [order(1, 1, 10), order(2, 0, 20)], columns=["member", "tag"])
    assert rows == [(1, "a"), (2, "best")]
    assert rfm == Rfm(name="rfm", bins=2, cells=dict(reversed(cells.items())))


def test_who_is_in_no_cell_is_among_the_others(give: Give) -> None:
    rfm = Rfm(name="rfm", bins=2, cells={"best": Cell(m=(2, 2))})
    assert rfm.gives == ("best", "others")
    assert give(rfm, [order(1, 1, 10), order(2, 0, 20)], columns=["member", "tag"]) == [(1, "others"), (2, "best")]


def test_the_default_cells_take_everybody() -> None:
    for scores in product(range(1, 6), repeat=3):
        inside = [
            name
            for name, cell in CELLS.items()
            if all(
                cell.spans[one][0] <= score <= cell.spans[one][1]
                for one, score in zip("rfm", scores, strict=True)
                if one in cell.spans
            )
        ]
        assert len(inside) == 1 or inside in (["champions", "loyal"], ["cannot-lose", "at-risk"])


def test_nobody_is_tagged_where_nobody_ordered(give: Give) -> None:
    assert give(Rfm(name="rfm")) == []
    assert give(Rfm(name="rfm", by="value", ties="same")) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"window": Duration(0)}, "expected whole days in window, as in '90d', not '0s'"),
        ({"window": Duration(DAY + 1)}, "not '1d1s'"),
        ({"bins": 1, "cells": {"all": Cell()}}, "expected at least 2 scores"),
        ({"bins": 3}, "the default cells are for 5 scores: with bins = 3, give cells of your own"),
        ({"cells": {}}, "expected at least one cell"),
        ({"bins": 3, "cells": {"top": Cell(r=(4, 5))}}, "top.r goes up to 5, but the greatest score is 3"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Rfm(name="rfm", **wrong)


@pytest.mark.parametrize("span", [(5, 4), (0, 1), (1,), (1, 2, 3)])
def test_a_span_of_scores_has_two_ends(span: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected the least and the greatest score of m, as in \[4, 5\]"):
        Cell(m=span)
