from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from siyu.config.units import Duration
from siyu.testing.views import EngineName, view
from siyu_plugins.taggers.lifecycle import STAGES, Cycle, Lifecycle, siyu_register_taggers

Give: TypeAlias = "Callable[..., list[tuple[Any, ...]]]"

DAY = 86_400
PLAIN = Lifecycle(name="life", leads=False)


def days(number: int) -> Duration:
    return Duration(number * DAY)


def orders(member: int, *ago: int, kind: str = "ordered") -> list[dict[str, Any]]:
    return [{"member": member, "ago": one, "type": kind} for one in ago]


def stages(give: Give, tagger: Lifecycle, *lives: tuple[int, ...]) -> list[str]:
    """Return the stage of each member, given how many days ago they ordered."""
    events = [event for member, ago in enumerate(lives) for event in orders(member, *ago)]
    found = give(tagger, events, columns=("member", "tag"))
    assert [member for member, _ in found] == list(range(len(lives)))
    return [tag for _, tag in found]


def test_registered_under_its_name() -> None:
    assert siyu_register_taggers() == {"lifecycle": Lifecycle}
    assert (Lifecycle.scope, Lifecycle.transitions) == ("member", "moved")
    assert Lifecycle(name="life").gives == STAGES


@pytest.mark.parametrize(
    ("ago", "stage"),
    [
        (0, "new"),
        (30, "new"),
        (31, "active"),
        (60, "active"),
        (61, "at-risk"),
        (120, "at-risk"),
        (121, "dormant"),
        (365, "dormant"),
        (366, "lost"),
        (4000, "lost"),
    ],
)
def test_a_single_order_ages_through_the_stages(give: Give, ago: int, stage: str) -> None:
    assert stages(give, PLAIN, (ago,)) == [stage]


def test_new_is_whose_first_order_is_fresh(give: Give) -> None:
    assert stages(give, PLAIN, (30, 20, 3), (31, 20, 3), (400, 130, 3)) == ["new", "active", "won-back"]


@pytest.mark.parametrize(
    ("ago", "stage"),
    [
        ((125, 5), "active"),  # a gap of 120 days found them at risk
        ((126, 5), "won-back"),
        ((151, 30), "won-back"),
        ((152, 31), "active"),  # won back, but no longer news
        ((200, 29, 2), "won-back"),  # has ordered again since
        ((200, 31, 2), "active"),
        ((700, 300, 5), "won-back"),  # twice
        ((300, 200), "dormant"),
        ((600, 5), "won-back"),  # was lost
    ],
)
def test_won_back_is_who_ordered_after_a_long_gap(give: Give, ago: tuple[int, ...], stage: str) -> None:
    assert stages(give, PLAIN, ago) == [stage]


def test_thresholds_may_lie_close_together(give: Give) -> None:
    close = Lifecycle(name="life", leads=False, fresh=days(30), at_risk=days(30), dormant=days(31), lost=days(32))
    assert stages(give, close, (31, 0), (32, 0), (33, 1)) == ["active", "won-back", "won-back"]
    assert stages(give, close, (30, 0), (31,), (32,), (33,)) == ["new", "at-risk", "dormant", "lost"]


def test_value_score_and_evidence(give: Give) -> None:
    events = [*orders(1, 700, 300, 5), *orders(2, 100, 100, 80), *orders(3, 0)]
    assert give(PLAIN, events) == [
        (1, "won-back", "3", 5.0, "orders 3, last 5 d ago, back after 295 d"),
        (2, "at-risk", "3", 80.0, "orders 3, last 80 d ago"),
        (3, "new", "1", 0.0, "orders 1, last 0 d ago"),
    ]


def test_of_two_long_gaps_the_last_is_named(give: Give) -> None:
    short = Lifecycle(name="life", fresh=days(4), at_risk=days(5), dormant=days(6), lost=days(9))
    wide = Lifecycle(name="life", fresh=days(20), at_risk=days(20), dormant=days(21), lost=days(22))
    assert give(short, orders(1, 30, 20, 4, 3), columns=("tag", "evidence"))[0] == (
        "won-back",
        "orders 4, last 3 d ago, back after 16 d",
    )
    assert give(wide, orders(1, 100, 60, 20, 10), columns=("tag", "evidence"))[0] == (
        "won-back",
        "orders 4, last 10 d ago, back after 40 d",
    )


# Every 7 days, then silence: at risk after 14 days, dormant after 28, lost after 14 * 365 / 60 = 85.
@pytest.mark.parametrize(
    ("ago", "stage"),
    [(11, "active"), (14, "active"), (15, "at-risk"), (28, "at-risk"), (29, "dormant"), (85, "dormant"), (86, "lost")],
)
def test_a_member_is_measured_by_their_own_rhythm(give: Give, ago: int, stage: str) -> None:
    own = Lifecycle(name="life", leads=False, fresh=days(10), cycle=Cycle(times=2))
    assert stages(give, own, (ago + 14, ago + 7, ago)) == [stage]


def test_two_orders_are_no_rhythm_and_several_of_a_day_are_one(give: Give) -> None:
    own = Lifecycle(name="life", leads=False, cycle=Cycle(times=2))
    assert stages(give, own, (47, 40), (54, 47, 40), (47, 47, 40)) == ["active", "dormant", "active"]
    pairs = Lifecycle(name="life", leads=False, cycle=Cycle(times=2, orders=2))
    assert stages(give, pairs, (47, 40), (40,)) == ["dormant", "active"]


def test_a_rhythm_of_a_fraction_is_not_rounded(give: Give) -> None:
    # 15 days and two gaps: 7.5 days each, twice that is 15; 16 days and three times: 24.
    own = Lifecycle(name="life", leads=False, fresh=days(10), cycle=Cycle(times=2))
    assert stages(give, own, (30, 22, 15), (31, 23, 16)) == ["active", "at-risk"]
    thrice = Lifecycle(name="life", leads=False, fresh=days(10), cycle=Cycle(times=3))
    assert stages(give, thrice, (38, 30, 22), (40, 30, 24), (41, 31, 25)) == ["active", "active", "at-risk"]


def test_nobody_is_at_risk_sooner_than_the_least(give: Give) -> None:
    daily = (17, 16, 15)
    assert stages(give, Lifecycle(name="a", leads=False, fresh=days(5), cycle=Cycle()), daily) == ["at-risk"]
    least = Cycle(least=days(15))
    assert stages(give, Lifecycle(name="a", leads=False, fresh=days(5), cycle=least), daily) == ["active"]


def test_who_is_back_is_measured_by_the_rhythm_before_the_gap(give: Give) -> None:
    # Every 7 days, so dormant after 28; the new mean, with the gap in it, would say otherwise.
    own = Lifecycle(name="life", leads=False, fresh=days(10), cycle=Cycle(times=2))
    assert stages(give, own, (51, 44, 37, 8), (50, 43, 36, 8)) == ["won-back", "active"]
    found = give(own, orders(1, 51, 44, 37, 8), columns=("value", "evidence"))
    assert found == [("4", "orders 4, last 8 d ago, back after 29 d, every 14 d")]
    plain = Lifecycle(name="life", leads=False, fresh=days(10))
    assert stages(give, plain, (51, 44, 37, 8)) == ["active"]


def test_members_without_an_order_are_leads(give: Give) -> None:
    members = {1: {"joined": 19_990}, 2: {"joined": 19_000}, 3: {"joined": 20_000}}
    events = [*orders(1, 5, kind="viewed"), *orders(2, 5)]
    assert give(Lifecycle(name="life"), events, members=members) == [
        (1, "lead", "0", 10.0, "no order, known for 10 d"),
        (2, "new", "1", 5.0, "orders 1, last 5 d ago"),
        (3, "lead", "0", 0.0, "no order, known for 0 d"),
    ]
    assert give(PLAIN, events, members=members, columns=("member", "tag")) == [(2, "new")]
    assert "lead" not in PLAIN.gives


def test_only_its_own_event_up_to_now_counts(give: Give) -> None:
    paid = Lifecycle(name="life", leads=False, event="paid")
    events = [*orders(1, 5), *orders(2, 200, kind="paid"), *orders(2, -1, kind="paid"), *orders(2, 1)]
    nobody = [{**event, "member": None} for event in orders(3, 5, kind="paid")]
    assert give(paid, [*events, *nobody], columns=("member", "tag")) == [(2, "dormant")]


def test_stages_may_have_other_names(give: Give) -> None:
    named = Lifecycle(name="life", names={"at-risk": "slipping", "lead": "潜客"})
    assert named.gives == ("潜客", "new", "active", "slipping", "dormant", "lost", "won-back")
    found = give(named, orders(1, 90), members={1: {}, 2: {"joined": 20_000}}, columns=("member", "tag"))
    assert found == [(1, "slipping"), (2, "潜客")]


def test_nobody_has_a_stage_where_there_is_nobody(give: Give) -> None:
    assert give(Lifecycle(name="life")) == []
    assert give(Lifecycle(name="life", cycle=Cycle())) == []


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_two_ids_of_one_person_have_one_life(engine: EngineName) -> None:
    toml = '[brand]\nname = "tea"\nzone = "Asia/Shanghai"\n[tagger.life]\nuse = "lifecycle"\n'
    # Of the two orders of Shanghai's 1 and 2 June, the second falls on 1 June by the clocks of Greenwich.
    times = {1: "2026-01-01T10:00", 2: "2026-06-02T01:00"}
    events = [{"member": member, "type": "ordered", "at": at} for member, at in times.items()]
    apart = view(toml, {"events": events}, "2026-06-02T12:00", engine)
    assert sorted(apart.rows(apart.tags.select("member", "tag"))) == [(1, "dormant"), (2, "new")]
    links = [{"a": 1, "b": 2, "evidence": "phone", "time": 0, "undone": False}]
    joined = view(toml, {"events": events, "links": links}, "2026-06-02T12:00", engine)
    found = joined.rows(joined.tags.select("member", "tag", "evidence"))
    assert found == [(1, "won-back", "orders 2, last 0 d ago, back after 152 d")]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"fresh": days(61)}, "expected fresh up to at_risk, .* not 61d, 60d, 120d, 365d"),
        ({"dormant": days(60)}, "each after more days, not 30d, 60d, 60d, 365d"),
        ({"lost": days(120)}, "each after more days"),
        ({"lost": Duration(DAY * 400 + 1)}, "expected whole days in lost, as in '90d', not '400d1s'"),
        ({"fresh": Duration(0)}, "expected whole days in fresh"),
        ({"names": {"at_risk": "x"}}, "no stage 'at_risk'; the stages are lead, new, active, at-risk"),
        ({"names": {"new": "active"}}, "expected a tag of its own for each stage"),
        ({"names": {"new": ""}}, "expected a tag of its own for each stage"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Lifecycle(name="life", **wrong)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"times": 0}, "expected times of 1 at least, not 0"),
        ({"orders": 1}, "expected orders on 2 days at least"),
        ({"least": Duration(1)}, "expected whole days in least"),
    ],
)
def test_a_cycle_that_cannot_be_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Cycle(**wrong)
