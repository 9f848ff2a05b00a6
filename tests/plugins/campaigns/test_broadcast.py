from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Literal, TypeAlias

import pytest

from siyu.config.units import Clock, Duration
from siyu.view import View
from siyu_plugins.campaigns.broadcast import Broadcast, siyu_register_campaigns

HOUR = 3_600
DAY = 86_400

At: TypeAlias = "Callable[[str], int]"
Seen: TypeAlias = "Callable[..., View]"


def broadcast(on: date, clock: str = "10:00", **more: Any) -> Broadcast:  # noqa: ANN401 - any attribute
    known: dict[str, Any] = {"from_": date(2026, 1, 1), "say": "news", "via": "wecom", **more}
    return Broadcast(name="day", on=on, at=Clock.parse(clock), **known)


def proposed(campaign: Broadcast, view: View, *columns: str) -> list[tuple[Any, ...]]:
    return sorted(view._engine.rows(campaign.propose(view).select(*columns)))


def test_registered_under_its_name() -> None:
    assert siyu_register_campaigns() == {"broadcast": Broadcast}
    assert Broadcast.scope == "member"


def test_everybody_gets_a_row_once_its_moment_has_come(seen: Seen, at: At) -> None:
    campaign = broadcast(date(2026, 12, 8), offer="new-10")
    assert proposed(campaign, seen("2026-12-08T09:59:59", members=[1, 2]), "recipient") == []
    due = at("2026-12-08T10:00")
    columns = ("recipient", "step", "occurrence", "slot", "channel", "offer", "due", "until")
    row = ("send", "2026-12-08", "news", "wecom", "new-10", due, due + DAY)
    assert proposed(campaign, seen("2026-12-08T10:00", members=[1, 2]), *columns) == [(1, *row), (2, *row)]


def test_without_an_offer_there_is_none(seen: Seen) -> None:
    assert proposed(broadcast(date(2026, 12, 8)), seen("2026-12-08T10:00", members=[1]), "offer") == [(None,)]


def test_it_is_let_go_when_its_time_is_over(seen: Seen) -> None:
    campaign = broadcast(date(2026, 12, 8), until_after=Duration(2 * HOUR))
    assert proposed(campaign, seen("2026-12-08T11:59:59", members=[1]), "recipient") == [(1,)]
    assert proposed(campaign, seen("2026-12-08T12:00", members=[1]), "recipient") == []
    assert proposed(campaign, seen("2027-12-08T10:00", members=[1]), "recipient") == []


def test_nobody_is_no_mistake(seen: Seen) -> None:
    assert proposed(broadcast(date(2026, 12, 8)), seen("2026-12-08T10:00"), "recipient") == []


@pytest.mark.parametrize(
    ("every", "now", "occurrences"),
    [
        ("day", "2026-01-31T10:00", ["2026-01-30", "2026-01-31"]),
        ("day", "2026-02-01T09:59", ["2026-01-31"]),
        ("week", "2026-02-06T11:00", ["2026-02-06"]),
        ("week", "2026-02-05T11:00", []),
        ("week", "2026-01-23T11:00", []),
        ("month", "2026-02-28T11:00", ["2026-02-28"]),
        ("month", "2026-04-30T11:00", ["2026-04-30"]),
        ("month", "2026-03-30T11:00", []),
        ("month", "2026-04-01T09:59", ["2026-03-31"]),
    ],
)
def test_it_comes_again(seen: Seen, every: Literal["day", "week", "month"], now: str, occurrences: list[str]) -> None:
    first = date(2026, 1, 30) if every != "month" else date(2026, 1, 31)
    campaign = broadcast(first, every=every, until_after=Duration(2 * DAY - HOUR))
    assert proposed(campaign, seen(now, members=[1]), "occurrence") == [(day,) for day in occurrences]


def test_occurrences_outside_the_campaigns_days_are_none(seen: Seen, happened: Callable[..., Any]) -> None:
    ends = {"from_": date(2026, 3, 5), "until": date(2026, 3, 6)}
    campaign = broadcast(date(2026, 1, 1), "10:00", every="day", until_after=Duration(30 * DAY), **ends)
    view = seen("2026-03-09T11:00", [happened(1, "joined", "2026-01-01T12:00")])
    assert proposed(campaign, view, "occurrence") == [("2026-03-05",), ("2026-03-06",)]


def test_the_moment_is_that_of_the_brands_clocks(seen: Seen, at: At) -> None:
    campaign = broadcast(date(2026, 10, 24), every="day")
    days = {"2026-10-24": "2026-10-24T08:00Z", "2026-10-25": "2026-10-25T09:00Z"}
    for day, moment in days.items():
        now = at(moment.replace("Z", "+00:00"))
        assert proposed(campaign, seen(now - 1, members=[1]), "occurrence")[-1:] != [(day,)]
        assert (day, now) in proposed(campaign, seen(now, members=[1]), "occurrence", "due")


def test_a_clock_that_is_skipped_rings_as_long_after(seen: Seen, at: At) -> None:
    # On 2027-03-28 Berlin goes from 02:00 to 03:00.
    now = at("2027-03-28T01:30:00+00:00")
    assert proposed(broadcast(date(2027, 3, 28), "02:30"), seen(now, members=[1]), "due") == [(now,)]


def test_no_time_to_send_is_refused() -> None:
    with pytest.raises(ValueError, match="expected some time in which the message may be sent"):
        broadcast(date(2026, 12, 8), until_after=Duration(0))
