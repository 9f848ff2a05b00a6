"""What a view tells of clocks and of content."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from attrs import frozen

from siyu.hooks import hookimpl
from siyu.kinds import Content, ContentItem
from siyu.testing.views import EngineName, view
from siyu.view import View

TOML = """
[brand]
name = "tea"
zone = "Asia/Shanghai"
member_zone = "Europe/London"
[content.first]
use = "library"
[content.first.items]
brew = { kind = "educate", text = "…" }
sale = { kind = "promo", text = "…" }
[content.second]
use = "library"
[content.second.items]
sale = { kind = "emotion", text = "…" }
hills = { kind = "emotion", text = "…" }
[content.plain]
use = "plain"
"""
NOW = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
SINCE = int(datetime(2025, 11, 1, tzinfo=UTC).timestamp())
ZONES = {1: "Europe/Berlin", 2: "America/New_York", 3: "Mars/Olympus", 4: ""}


@frozen(kw_only=True)
class Plain(Content):
    """A source that states no themes."""

    @property
    def slots(self) -> tuple[str, ...]:
        return ("note",)

    def items(self) -> dict[str, ContentItem]:
        return {"note": ContentItem(name="note", text="…")}


class Plugin:
    @hookimpl
    def siyu_register_contents(self) -> dict[str, type[Content]]:
        return {"plain": Plain}


@pytest.fixture(params=get_args(EngineName))
def seen(request: pytest.FixtureRequest) -> View:
    profiles = [
        {"member": member, "type": "profiled", "second": SINCE, "props": f'{{"zone": "{zone}"}}'}
        for member, zone in ZONES.items()
    ]
    return view(TOML, {"events": profiles}, NOW, request.param, plugins={"plain": Plugin()})


def test_clocks_are_those_of_the_members_zones_without_gaps(seen: View) -> None:
    rows = sorted(seen.rows(seen.clocks(SINCE)))
    zones = {"": "Europe/London", "Europe/London": "Europe/London", "Mars/Olympus": "Europe/London"}
    for name in ("", *ZONES.values(), "Europe/London"):
        spans = [span for zone, *span in rows if zone == name]
        assert (spans[0][0], spans[-1][1]) == (SINCE, NOW + 1)
        assert [until for _, until, _ in spans[:-1]] == [start for start, _, _ in spans[1:]]
        assert len(spans) == 3
        for start, until, offset in spans:
            for second in (start, until - 1):
                local = datetime.fromtimestamp(second, ZoneInfo(zones.get(name, name))).utcoffset()
                assert local is not None
                assert local.total_seconds() == offset
    assert {zone for zone, *_ in rows} == {"", "Europe/London", "Europe/Berlin", "America/New_York", "Mars/Olympus"}
    assert {zone for zone, *_ in seen.rows(seen.zones)} == {zone for zone, *_ in rows if zone}


def test_contents_have_the_theme_that_their_source_states(seen: View) -> None:
    assert sorted(seen.rows(seen.contents)) == [("brew", "educate"), ("hills", "emotion"), ("sale", "promo")]
