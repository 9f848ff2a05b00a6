"""What the tests of delivery share: a brand whose channels do what a test says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TypeAlias

import pytest
from attrs import define, field, frozen

import siyu
from siyu.hooks import hookimpl
from siyu.kinds import Channel, Message, Receipt

BRAND = """
[brand]
name = "Tea"
zone = "Asia/Shanghai"

[gate]
consent = "unless-withdrawn"
caps = []
distance = "0s"

[content.texts]
use = "library"
[content.texts.items.hello]
kind = "emotion"
title = "Tea"
text = "Hello"

[campaign.hello]
use = "broadcast"
from = 2026-11-01
on = 2026-11-20
at = "10:00"
say = "hello"
via = "probe"
offer = "new-10"
until_after = "3d"

[channel.probe]
use = "probe"
"""
NOON, LATER = "2026-11-20T12:00", "2026-11-20T13:00"

Send: TypeAlias = "Callable[[Sequence[Message]], Iterable[Receipt]]"


def sent(messages: Sequence[Message]) -> Iterable[Receipt]:
    """Send everything."""
    return [Receipt(message.touch, "sent", provider_id=f"p{message.touch}") for message in messages]


@define
class Shop:
    """A brand, the messages that its channel got, and what the channel does with the next ones."""

    send: Send = sent
    got: list[list[Message]] = field(factory=list)
    brand: siyu.Brand = field(init=False)

    def join(self, *names: str) -> None:
        """Let members join."""
        at = datetime(2026, 11, 10, tzinfo=UTC)
        self.brand.ingest([{"identity": f"wecom:{name}", "type": "joined", "time": at} for name in names])

    def withdraw(self, name: str, at: str = "2026-11-20T12:30+08:00") -> None:
        """Let a member withdraw their consent."""
        row = {"identity": f"wecom:{name}", "state": "withdrawn", "time": datetime.fromisoformat(at)}
        self.brand.ingest([row], table="consents")

    def number(self, name: str) -> int:
        """Return a member's number."""
        return self.brand.number(f"wecom:{name}")

    def states(self, name: str) -> list[tuple[str, str]]:
        """Return the states that a member's touches came into, and why, as committed by now."""
        with self.brand.store.opened() as session:
            ids = session.engine.rows(session.table("touches").select("recipient", "id"))
            receipts = session.engine.rows(session.table("receipts").select("seq", "touch", "state", "reason"))
        mine = {touch for recipient, touch in ids if recipient == self.number(name)}
        return [(state, reason) for _, touch, state, reason in sorted(receipts) if touch in mine]

    def names(self, *names: str) -> list[list[str]]:
        """Return the batches that the channel got, with the members' names."""
        known = {self.number(name): name for name in names}
        return [[known[message.recipient] for message in batch] for batch in self.got]


def plugin(shop: Shop) -> SimpleNamespace:
    """Return a plugin with the channel ``probe``, and one more that always sends."""

    @frozen(kw_only=True)
    class Probe(Channel):
        """Does what the test says."""

        def send(self, messages: Sequence[Message]) -> Iterable[Receipt]:
            shop.got.append(list(messages))
            return shop.send(messages)

    @frozen(kw_only=True)
    class Good(Channel):
        """Sends everything."""

        def send(self, messages: Sequence[Message]) -> Iterable[Receipt]:
            return sent(messages)

    @hookimpl
    def siyu_register_channels() -> Mapping[str, type[Channel]]:
        return {"probe": Probe, "good": Good}

    return SimpleNamespace(siyu_register_channels=siyu_register_channels)


@pytest.fixture
def shop(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Shop]:
    """Return a brand over an empty store; an indirect parameter is more TOML."""
    extra: str = getattr(request, "param", "")
    (tmp_path / "brand.toml").write_text(BRAND + extra, encoding="utf-8")
    made = Shop()
    with siyu.open(tmp_path, store=":memory:", plugins={"probing": plugin(made)}) as brand:
        made.brand = brand
        yield made
