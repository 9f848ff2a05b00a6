from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Judge = Callable[..., list[tuple[Any, ...]]]

NIGHT = 'quiet = "21:00-09:00"'
NOON = 'quiet = "12:00-14:00"'


@pytest.mark.parametrize(
    ("hours", "now", "held"),
    [
        (NIGHT, "2026-11-20T20:59:59", False),
        (NIGHT, "2026-11-20T21:00:00", True),
        (NIGHT, "2026-11-21T00:00:00", True),
        (NIGHT, "2026-11-21T08:59:59", True),
        (NIGHT, "2026-11-21T09:00:00", False),
        (NOON, "2026-11-20T11:59:59", False),
        (NOON, "2026-11-20T12:00:00", True),
        (NOON, "2026-11-20T14:00:00", False),
        (NOON, "2026-11-21T00:00:00", False),
    ],
)
def test_marketing_waits_in_quiet_hours(judge: Judge, hours: str, now: str, *, held: bool) -> None:
    expected = [(1, "held", f"quiet hours {hours[9:-1]}")] if held else []
    assert judge("quiet hours", [{}, {"purpose": "service"}], gate=hours, now=now) == expected


def test_the_clocks_where_the_member_lives_count(judge: Judge) -> None:
    zones = {1: "Europe/Berlin", 2: "America/New_York", 3: "Asia/Kathmandu"}
    # 16:30 in Shanghai is 09:30 in Berlin, 03:30 in New York, and 14:15 in Kathmandu.
    found = judge("quiet hours", [{}] * 4, gate=NIGHT, now="2026-11-20T16:30", zones=zones)
    assert [verdict[0] for verdict in found] == [2]


@pytest.mark.parametrize(
    ("now", "held"),
    [
        # The clocks of Berlin go back on 2026-10-25 at 03:00, so that 09:00 there is 08:00 and not 07:00 in UTC.
        ("2026-10-24T07:00Z", False),
        ("2026-10-25T07:00Z", True),
        ("2026-10-25T07:59:59Z", True),
        ("2026-10-25T08:00Z", False),
        # They go forward on 2027-03-28 at 02:00.
        ("2027-03-27T19:59Z", False),
        ("2027-03-27T20:00Z", True),
        ("2027-03-28T06:59:59Z", True),
        ("2027-03-28T07:00Z", False),
        ("2027-03-28T18:59Z", False),
        ("2027-03-28T19:00Z", True),
    ],
)
def test_a_change_of_clocks(judge: Judge, now: str, *, held: bool) -> None:
    found = judge("quiet hours", [{}], gate=NIGHT, now=now, zones={1: "Europe/Berlin"}, joined={1: "2026-10-01"})
    assert bool(found) == held


def test_a_zone_that_does_not_exist_has_the_clocks_of_the_brand(judge: Judge) -> None:
    zones = {1: "Mars/Olympus", 2: "../../etc/passwd", 3: "Europe/Berlin"}
    assert judge("quiet hours", [{}] * 3, gate=NIGHT, now="2026-11-20T20:00", zones=zones) == []
    found = judge("quiet hours", [{}] * 3, gate=NIGHT, now="2026-11-20T22:00", zones=zones)
    assert [verdict[0] for verdict in found] == [1, 2]


def test_where_the_zone_is_not_known_the_strictest_holds(judge: Judge) -> None:
    # At 12:00 in Shanghai it is 20:00 in Los Angeles, and at 13:00 it is 21:00 there.
    zones = {1: "America/Los_Angeles", 2: "Asia/Shanghai"}
    strict = f'{NIGHT}\nunknown_zone = "strictest"'
    for now, held in (("2026-11-20T12:00", []), ("2026-11-20T13:00", [1, 3])):
        found = judge("quiet hours", [{}] * 3, gate=strict, now=now, zones=zones)
        assert [verdict[0] for verdict in found] == held
    found = judge("quiet hours", [{}] * 3, gate=NIGHT, now="2026-11-20T13:00", zones=zones)
    assert [verdict[0] for verdict in found] == [1]
