"""Limits beyond the plain cap: spans, whose places they are, platforms, money, rest; and all of them together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Judge = Callable[..., list[tuple[Any, ...]]]

BARE = 'distance = "0s"\ncaps = []\n'


def to(member: int, **more: object) -> dict[str, Any]:
    return {"recipient": member, **more}


def before(member: int, when: str, state: str = "sent", **more: object) -> dict[str, Any]:
    return {"recipient": member, "when": when, "state": state, **more}


def caps(*tables: str) -> str:
    return f'distance = "0s"\ncaps = [{", ".join(tables)}]\n'


def stopped(verdicts: list[tuple[Any, ...]]) -> list[int]:
    return [number for number, *_ in verdicts]


def test_a_local_day_begins_at_the_members_midnight(judge: Judge) -> None:
    # At noon of the 20th in Shanghai it is 05:00 in Berlin: its day began at 07:00 in Shanghai.
    gate = caps('{ times = 1, per = "local day" }')
    sent = [before(1, "2026-11-20T06:59:59"), before(2, "2026-11-20T07:00:00"), before(3, "2026-11-20T00:00:00")]
    zones = {1: "Europe/Berlin", 2: "Europe/Berlin"}
    found = judge("limits", [to(1), to(2), to(3)], gate=gate, sent=sent, zones=zones)
    assert found == [(number, "held", "cap of 1 a local day") for number in (2, 3)]


def test_a_span_that_slides_ends_now(judge: Judge) -> None:
    gate = caps('{ times = 1, within = "24h" }')
    sent = [before(1, "2026-11-19T12:00:00"), before(2, "2026-11-19T12:00:01")]
    assert judge("limits", [to(1), to(2)], gate=gate, sent=sent) == [(2, "held", "cap of 1 within 1d")]


def test_what_waits_to_be_sent_counts_now(judge: Judge) -> None:
    gate = caps('{ times = 1, per = "day" }')
    sent = [before(1, "2026-11-12T08:00", "queued"), before(2, "2026-11-12T08:00", "handed")]
    assert stopped(judge("limits", [to(1), to(2)], gate=gate, sent=sent)) == [1, 2]


@pytest.mark.parametrize(("failed", "held"), [("true", [1]), ("false", [])])
def test_a_failed_touch_counts_as_stated(judge: Judge, failed: str, held: list[int]) -> None:
    gate = caps(f'{{ times = 1, per = "day", failed = {failed} }}')
    assert stopped(judge("limits", [to(1)], gate=gate, sent=[before(1, "2026-11-20T08:00", "failed")])) == held


def test_a_cap_counts_a_campaign_a_kind_or_the_brand(judge: Judge) -> None:
    sent = [before(1, "2026-11-20T08:00", campaign="tea")]
    one = caps('{ times = 1, per = "day", campaign = "tea" }') + TEA
    assert stopped(judge("limits", [to(1), to(1, campaign="other")], gate=one, sent=sent)) == [1]
    kind = caps('{ times = 1, per = "day", kind = "promo" }') + WORDS
    touches = [to(1, content="sale"), to(1, content="sale", priority=1), to(1, content="story")]
    assert judge("limits", touches, gate=kind) == [(1, "held", "cap of 1 a day of kind promo")]
    brand = caps('{ times = 2, per = "day", each = "brand" }')
    touches = [to(1), to(2, priority=5), to(3)]
    assert judge("limits", touches, gate=brand, sent=sent) == [(n, "held", "cap of 2 a day by all") for n in (1, 3)]


def test_places_are_not_lost_in_a_cascade(judge: Judge) -> None:
    # The first in order finds no room under the cap of its channel, and takes the place of no other.
    gate = 'distance = "4h"\ncaps = [{ times = 1, per = "week", channel = "sms" }]\n'
    sent = [before(1, "2026-11-18T08:00", channel="sms")]
    touches = [to(1, channel="sms", priority=9), to(1), to(1)]
    found = judge("limits", touches, gate=gate, sent=sent)
    assert found == [
        (1, "held", "cap of 1 a week by sms"),
        (3, "held", "less than 4h after another message"),
    ]


def test_a_platform_lets_so_many_through_whatever_they_are_for(judge: Judge) -> None:
    gate = BARE + channel('quotas = [{ times = 2, per = "month" }]')
    touches = [to(1, channel="club"), to(1, channel="club", purpose="service"), to(1)]
    sent = [before(1, "2026-11-05T08:00", channel="club")]
    found = judge("limits", touches, gate=gate, sent=sent)
    assert found == [(2, "held", "the platform of 'club' allows 2 a month")]


def test_each_message_spends_what_a_member_allowed(judge: Judge) -> None:
    gate = BARE + channel('spends = { event = "allowed", subject = "T1" }')
    allowed = {"type": "allowed", "at": "2026-11-01", "subject": "T1"}
    events = [{**allowed, "member": 1}, {**allowed, "member": 1}, {**allowed, "member": 2, "subject": "T2"}]
    sent = [before(1, "2026-11-05T08:00", channel="club")]
    touches = [to(1, channel="club"), to(1, channel="club"), to(2, channel="club"), to(3)]
    found = judge("limits", touches, gate=gate, sent=sent, events=events)
    assert found == [(number, "held", "nothing is left to spend on 'club'") for number in (2, 3)]


@pytest.mark.parametrize(("asked", "open_"), [("2026-11-22T11:59:59", True), ("2026-11-22T12:00:00", False)])
def test_a_channel_is_open_for_48_hours(judge: Judge, asked: str, *, open_: bool) -> None:
    gate = BARE + channel('opens = [{ event = "messaged", within = "48h", times = 5 }]')
    events = [{"type": "messaged", "member": 1, "at": "2026-11-20T12:00:00"}]
    touches = [to(1, channel="club"), to(2, channel="club"), to(2)]
    found = stopped(judge("openings", touches, gate=gate, now=asked, events=events))
    assert found == ([2] if open_ else [1, 2])


def test_the_fourth_in_a_minute_waits(judge: Judge) -> None:
    gate = BARE + channel('opens = [{ event = "clicked", within = "1m", times = 3 }]')
    events = [{"type": "clicked", "member": 1, "at": "2026-11-20T11:59:30"}]
    sent = [before(1, f"2026-11-20T11:59:4{second}", channel="club") for second in range(2)]
    sent.append(before(1, "2026-11-20T11:58:00", channel="club"))
    found = judge("limits", [to(1, channel="club"), to(1, channel="club")], gate=gate, sent=sent, events=events)
    assert found == [(2, "held", "'club' lets no more through since it was opened")]


def test_a_budget_is_drawn_in_the_order_of_priority(judge: Judge) -> None:
    gate = f'{BARE}budget = {{ amount = "0.20", per = "day" }}\n' + channel('cost = "0.05"')
    sent = [before(1, "2026-11-20T08:00", channel="club"), before(1, "2026-11-19T08:00", channel="club")]
    touches = [to(member, channel="club", priority=member) for member in (1, 2, 3, 4)]
    found = judge("limits", [*touches, to(5)], gate=gate, sent=sent)
    assert found == [(1, "held", "budget of 0.20 a day")]


def test_whoever_reads_less_and_less_is_touched_more_seldom(judge: Judge) -> None:
    gate = f'{BARE}fatigue = {{ window = "10d", least = 2, fall = "50%", distance = "7d" }}\n'
    sent = [
        before(member, f"2026-11-{day:02}T10:00")
        for member in (1, 2, 3)
        for day in (2, 4, 11, 16 if member < 3 else 12)
    ]
    # Numbers begin at 101: the first two of each are of the window before.
    read = [101, 102, 103, 105, 106, 107, 108, 109, 110]
    events = [{"type": "read", "member": 1, "at": "2026-11-18", "ref": str(one)} for one in read]
    found = judge("limits", [to(1), to(2), to(3), to(3)], gate=gate, sent=sent, events=events)
    words = "less than 7d after another message, and the member reads less"
    # Member 1 read half of what they did, and so did not fall below; member 3 reads nothing, and was left alone.
    assert found == [(1, "held", words), (4, "held", words)]


TEA = """
[campaign.tea]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "10:00"
say = "sale"
via = "wecom"
""" + (
    WORDS := """
[content.words]
use = "library"
[content.words.items.sale]
kind = "promo"
text = "Sale"
[content.words.items.story]
kind = "educate"
text = "Story"
"""
)


def channel(bounds: str) -> str:
    return f'[channel.club]\nuse = "console"\n{bounds}\n'
