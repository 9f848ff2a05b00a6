"""What the tests of people's rights share: a brand with a file store, and a channel that sends by phone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from attrs import define, field, frozen
from tests.brands import HEAD, folder, happened, opened

import siyu
from siyu.hooks import hookimpl
from siyu.kinds import Channel, Message, Receipt

PHONE = "phone:+8613800138000"
TOML = (
    HEAD
    + """
[attribute]
tea = { type = "text", purpose = "to say what fits", keep = "10d" }
[field.note]
purpose = "to answer"
keep = "5d"
[field.size]
purpose = "to fill the shelf"
[channel.text]
use = "texts"
[campaign.day]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "10:00"
every = "day"
say = "hi"
via = "text"
[incentive.points]
use = "points"
from = 2026-11-01
earn = [{ event = "ordered", per = "1.00", points = 1 }]
"""
)


@define
class Shop:
    """A folder, and what its channel sent."""

    path: Path
    got: list[Message] = field(factory=list)

    @property
    def store(self) -> Path:
        """The store's file."""
        return self.path / "store.duckdb"

    def open(self) -> siyu.Brand:
        """Open the brand over its file."""
        return opened(self.path, store=self.store, plugins={"texts": _plugin(self)})

    def bytes(self) -> bytes:
        """Return all bytes of the store's file and of its log."""
        return b"".join(one.read_bytes() for one in sorted(self.path.glob("store.duckdb*")))


def _plugin(shop: Shop) -> object:
    @frozen(kw_only=True)
    class Texts(Channel):
        """Sends text messages."""

        address: ClassVar[str] = "phone"

        def send(self, messages: Sequence[Message]) -> Iterable[Receipt]:
            shop.got.extend(messages)
            return [Receipt(one.touch, "sent", provider_id=f"at-{one.touch}") for one in messages]

    class Plugin:
        @hookimpl
        def siyu_register_channels(self) -> dict[str, type[Channel]]:
            return {"texts": Texts}

    return Plugin()


def fact(who: str, what: str, when: str, name: str, **more: object) -> dict[str, Any]:
    """Return one event of somebody named by a whole outside id."""
    return happened("x", what, when, name, **more) | {"identity": who}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    folder(tmp_path, TOML)
    return Shop(tmp_path)
