"""What leaves a region, and what members refused to have picked for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Judge = Callable[..., list[tuple[Any, ...]]]

AWAY = '[channel.mail]\nuse = "console"\nregion = "SG"\n'


def said(member: int, purpose: str, state: str, channel: str = "*") -> dict[str, Any]:
    return {"member": member, "purpose": purpose, "state": state, "channel": channel, "time": "2026-11-02"}


def lives(member: int, region: str) -> dict[str, Any]:
    return {"type": "profiled", "member": member, "at": "2026-09-01", "props": f'{{"region": "{region}"}}'}


def test_nothing_leaves_a_region_without_a_basis(judge: Judge) -> None:
    touches = [
        {"channel": "mail"},
        {"channel": "mail"},
        {"channel": "wecom"},
        {"channel": "mail", "purpose": "service"},
    ]
    events = [lives(1, "CN"), lives(2, "SG"), lives(4, "CN")]
    found = judge("region", touches, gate=AWAY, events=events)
    assert found == [(number, "suppressed", "'mail' keeps it in SG, without a basis") for number in (1, 4)]
    assert judge("region", touches, gate=f'regions = {{ SG = "a contract" }}\n{AWAY}', events=events) == []


def test_it_holds_both_ways(judge: Judge) -> None:
    home = '[channel.post]\nuse = "console"\nregion = "CN"\n'
    touches = [{"recipient": member, "channel": channel} for member in (1, 2) for channel in ("mail", "post")]
    found = judge("region", touches, gate=AWAY + home, events=[lives(1, "CN"), lives(2, "SG")])
    assert [(number, reason) for number, _, reason in found] == [
        (1, "'mail' keeps it in SG, without a basis"),
        (4, "'post' keeps it in CN, without a basis"),
    ]


def test_a_member_may_have_to_consent_to_it(judge: Judge) -> None:
    consents = [
        said(1, "cross-border", "granted"),
        said(2, "cross-border", "granted", "wecom"),
        said(3, "cross-border", "granted"),
        said(3, "cross-border", "withdrawn", "mail"),
        said(4, "marketing", "granted"),
    ]
    touches = [{"channel": "mail"}] * 4
    events = [lives(member, "CN") for member in (1, 2, 3, 4)]
    found = judge("region", touches, gate=f'regions = {{ SG = "consent" }}\n{AWAY}', consents=consents, events=events)
    words = "no consent to keep it in SG is known"
    assert found == [(number, "suppressed", words) for number in (2, 3, 4)]


CAMPAIGN = """
[campaign.plain]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "10:00"
say = "sale"
via = "wecom"
personalised = false
[content.words]
use = "library"
[content.words.items.sale]
kind = "promo"
text = "Sale"
"""


@pytest.mark.parametrize(("channel", "refused"), [("*", [1]), ("wecom", [1]), ("sms", [])])
def test_whoever_refused_personalised_marketing_gets_none(judge: Judge, channel: str, refused: list[int]) -> None:
    touches: list[dict[str, Any]] = [
        {"recipient": 1},
        {"recipient": 1, "purpose": "service"},
        {"recipient": 1, "campaign": "plain"},
        {"recipient": 2},
    ]
    consents = [said(1, "personalised", "withdrawn", channel), said(2, "personalised", "granted")]
    found = judge("personalised", touches, gate=CAMPAIGN, consents=consents)
    assert found == [(number, "suppressed", "personalised marketing was refused") for number in refused]
