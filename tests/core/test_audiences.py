"""Messages to a group or the public: one to all of them together, whatever members say of messages to themselves."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from attrs import frozen
from tests.brands import HEAD, folder, happened, opened, rows

from siyu.errors import ConfigError
from siyu.hooks import hookimpl
from siyu.kinds import Audience, Channel, Message, Receipt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

NOON = "2026-11-10T12:00"
TOML = (
    HEAD.replace("[gate]\n", "[gate]\nage = { least = 18 }\n").replace("unless-withdrawn", "granted")
    + """
[channel.wall]
use = "wall"
region = "SG"
[campaign.day]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "10:00"
every = "day"
say = "hi"
via = "wall"
MORE
"""
)


def wall() -> tuple[Any, list[Message]]:
    """Return a plugin with a channel that speaks to the public, and what it was given."""
    given: list[Message] = []

    @frozen(kw_only=True)
    class Wall(Channel):
        audience: ClassVar[Audience] = "public"

        def send(self, messages: Sequence[Message]) -> Iterable[Receipt]:
            given.extend(messages)
            return [Receipt(one.touch, "sent") for one in messages]

    def channels() -> Mapping[str, type[Channel]]:
        return {"wall": Wall}

    return SimpleNamespace(siyu_register_channels=hookimpl(channels)), given


def refused(path: Path, more: str) -> list[tuple[Any, str]]:
    plugin, _ = wall()
    with pytest.raises(ConfigError) as caught:
        opened(folder(path, TOML.replace("MORE", more)), plugins={"wall": plugin})
    return [(problem.path, problem.message) for problem in caught.value.problems]


def test_all_together_get_one_message_each_time(tmp_path: Path) -> None:
    plugin, given = wall()
    with opened(folder(tmp_path, TOML.replace("MORE", "")), plugins={"wall": plugin}) as brand:
        brand.ingest([happened(f"m{number}", "joined", "2026-11-09T10:00", f"j{number}") for number in range(5)])
        brand.run(now=NOON)
        brand.run(now="2026-11-10T13:00")
        brand.tick(now="2026-11-11T12:00")
        brand.run(now="2026-11-11T12:30")
        assert [(one.recipient, one.recipient_kind) for one in given] == [(0, "public")] * 2
        assert sorted(rows(brand, "touches", "recipient_kind", "occurrence")) == [
            ("public", "2026-11-10"),
            ("public", "2026-11-11"),
        ]


def test_what_is_for_some_members_goes_to_no_public(tmp_path: Path) -> None:
    words = "channel.wall speaks to the public"
    found = refused(tmp_path, 'to = "did(\'joined\')"\nholdout = "10%"')
    assert found == [
        (("campaign", "day", "to"), f"{words}, whoever is in it"),
        (("campaign", "day", "holdout"), f"{words}, so that nobody can be held out"),
    ]


def test_a_journey_goes_to_no_group(tmp_path: Path) -> None:
    journey = """
[channel.team]
use = "wecom-robot"
key = { env = "ROBOT" }
[campaign.hello]
use = "journey"
from = 2026-11-01
start = { event = "joined" }
via = "team"
steps = [{ id = "one", say = "hi" }]
"""
    words = "channel.team speaks to a group, and this campaign to members, each alone"
    assert refused(tmp_path, journey) == [(("campaign", "hello", "steps", "0", "say"), words)]
