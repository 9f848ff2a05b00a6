from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import pytest

from siyu.arms import arm
from siyu.stages.match import match
from siyu.stages.measure import measure
from siyu.stages.propose import propose
from siyu.testing.views import work
from siyu.work import Work

Made: TypeAlias = "Callable[..., Work]"

BRAND = """
[brand]
name = "Tea"
zone = "Asia/Shanghai"
[channel.screen]
use = "console"
[feature]
orders = { count = "ordered" }
[content.texts]
use = "library"
[content.texts.items.hello]
kind = "emotion"
text = "Hello"
[content.texts.items.again]
kind = "promo"
text = "Again"
slots = ["offer"]
when = "orders >= 2"
[metric.repurchase]
use = "repurchase"
"""
CAMPAIGN = """
[campaign.hello]
use = "broadcast"
from = 2026-11-01
on = 2026-11-20
at = "10:00"
via = "screen"
"""
NOW = "2026-11-20T12:00"


@pytest.fixture(params=["duckdb", "polars"])
def passing(request: pytest.FixtureRequest) -> Made:
    """Return what makes a pass in which member N ordered N - 1 times, on as many days."""

    def made(more: str, members: int = 3, now: str = NOW, **tables: Sequence[dict[str, Any]]) -> Work:
        joined = [{"member": member, "type": "joined", "at": "2026-11-01"} for member in range(1, members + 1)]
        orders = [
            {"member": member, "type": "ordered", "at": f"2026-11-0{day + 1}"}
            for member in range(1, min(members, 5) + 1)
            for day in range(1, member)
        ]
        return work(BRAND + more, {"events": [*joined, *orders], **tables}, now, request.param)

    return made


def proposed(made: Work, *columns: str) -> list[tuple[Any, ...]]:
    propose(made)
    match(made)
    return sorted(made.session.engine.rows(made.results["proposals"].select(*columns)), key=repr)


def test_a_proposal_is_a_touch_to_be(passing: Made) -> None:
    made = passing(CAMPAIGN + 'say = "hello"\npriority = 4\nedition = 2\nto = "orders >= 1"')
    columns = ("recipient", "recipient_kind", "campaign", "edition", "step", "content", "purpose", "priority")
    told = ("member", "hello", 2, "send", "hello", "marketing", 4)
    assert proposed(made, *columns) == [(2, *told), (3, *told)]
    ids = proposed(made, "id")
    assert len(set(ids)) == 2
    assert all(found > 0 for (found,) in ids)


def test_an_id_is_of_its_key_alone(passing: Made) -> None:
    one = proposed(passing(CAMPAIGN + 'say = "hello"'), "recipient", "id")
    other = proposed(passing(CAMPAIGN + 'say = "offer"\npriority = 7', now="2026-11-20T15:00"), "recipient", "id")
    assert one == other
    assert one != proposed(passing(CAMPAIGN + 'say = "hello"\nedition = 2'), "recipient", "id")


def test_content_that_fits_nobody_stays_away(passing: Made) -> None:
    made = passing(CAMPAIGN + 'say = "offer"')
    assert proposed(made, "recipient", "slot", "content") == [
        (1, "offer", None),
        (2, "offer", None),
        (3, "offer", "again"),
    ]


@pytest.mark.parametrize(
    ("days", "now", "number"),
    [
        ("until = 2026-11-20", "2026-11-20T23:59:59", 3),
        ("until = 2026-11-20", "2026-11-21T00:00:00", 0),
        ("", "2026-11-20T09:59:59", 0),
        ("", "2026-11-20T10:00:00", 3),
    ],
)
def test_a_campaign_has_its_days(passing: Made, days: str, now: str, number: int) -> None:
    assert len(proposed(passing(CAMPAIGN + f'say = "hello"\n{days}', now=now), "id")) == number


def test_the_holdout_is_drawn_once_and_then_logged(passing: Made) -> None:
    held = CAMPAIGN + 'say = "hello"\nholdout = "30%"'
    drawn = {member for member in range(1, 41) if arm(member, "holdout:hello") < 3000}
    assert 0 < len(drawn) < 40
    made = passing(held, members=40)
    assert {recipient for (recipient,) in proposed(made, "recipient")} == set(range(1, 41)) - drawn
    (exposures,) = made.staged["exposures"]
    logged = made.session.engine.rows(exposures.select("member", "arm", "experiment"))
    assert sorted(logged) == [
        (member, "holdout" if member in drawn else "treated", "holdout:hello") for member in range(1, 41)
    ]
    switched = {member: "treated" if member in drawn else "holdout" for member in range(1, 41)}
    before = [{"experiment": "holdout:hello", "member": one, "arm": arm, "time": 5} for one, arm in switched.items()]
    again = passing(held, members=41, exposures=before)
    assert {recipient for (recipient,) in proposed(again, "recipient")} - {41} == drawn
    (new,) = again.staged["exposures"]
    assert [member for (member,) in again.session.engine.rows(new.select("member"))] == [41]


def test_a_number_that_did_not_change_is_not_written_again(passing: Made) -> None:
    first = passing("")
    measure(first)
    (measured,) = first.staged["measures"]
    columns = ("metric", "period", "day", "slice", "key", "value", "n")
    numbers = first.session.engine.rows(measured.select(*columns))
    assert numbers
    kept = [dict(zip(columns, row, strict=True)) for row in numbers]
    again = passing("", measures=kept)
    measure(again)
    assert again.staged["measures"] == []
    other = passing("", measures=[{**row, "value": -1.0} for row in kept])
    measure(other)
    (news,) = other.staged["measures"]
    assert sorted(other.session.engine.rows(news.select(*columns))) == sorted(numbers)
