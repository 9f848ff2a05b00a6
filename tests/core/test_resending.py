"""A correction goes to exactly those whom a wrong campaign reached, or may have, and past all gates again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace

from attrs import frozen
from tests.brands import HEAD, folder, happened, opened, rows

from siyu import Brand
from siyu.hooks import hookimpl
from siyu.kinds import Channel, Message, Receipt

TOML = (
    HEAD
    + """
[channel.probe]
use = "probe"
[campaign.day]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "10:00"
until_after = "5d"
say = "hi"
via = "probe"
"""
)
NOON, ONE, TWO = "2026-11-10T12:00", "2026-11-10T13:00", "2026-11-10T14:00"
OUTCOMES = {
    "ann": "sent",
    "bob": "handed",
    "cid": "unknown",
    "dee": "failed",
    "fay": "sent",
    "gus": "sent",
    "hal": "sent",
}
NAMES = [*OUTCOMES, "eve"]


def plugin(brands: list[Brand], got: list[list[str]]) -> SimpleNamespace:
    @frozen(kw_only=True)
    class Probe(Channel):
        """Says of each member what the table says."""

        def send(self, messages: Sequence[Message]) -> Iterable[Receipt]:
            names = {brands[0].number(f"wecom:{name}"): name for name in [*NAMES, "new"]}
            got.append(sorted(names[one.recipient] for one in messages))
            return [Receipt(one.touch, OUTCOMES.get(names[one.recipient], "sent")) for one in messages]

    @hookimpl
    def siyu_register_channels() -> dict[str, type[Channel]]:
        return {"probe": Probe}

    return SimpleNamespace(siyu_register_channels=siyu_register_channels)


def withdrawn(name: str, at: str) -> dict[str, object]:
    return {"identity": f"wecom:{name}", "channel": "*", "purpose": "*", "state": "withdrawn", "time": at}


def test_a_correction_reaches_whom_the_wrong_one_may_have_reached(tmp_path: Path) -> None:
    brands: list[Brand] = []
    got: list[list[str]] = []
    with opened(folder(tmp_path, TOML), plugins={"probing": plugin(brands, got)}) as brand:
        brands.append(brand)
        brand.ingest([happened(name, "joined", "2026-11-02T08:00:00Z", name) for name in NAMES])
        brand.ingest([withdrawn("eve", "2026-11-03T08:00:00Z")], table="consents")
        brand.run(now=NOON)
        assert got == [sorted(OUTCOMES)]
        brand.link("wecom:fay", "wecom:gus", evidence="one card", now=ONE)
        brand.ingest([withdrawn("hal", "2026-11-10T04:30:00Z")], table="consents")
        brand.ingest([happened("new", "joined", "2026-11-10T04:40:00Z", "new")])
        brand.control("campaign:day", "resend", actor="Li", now=ONE)
        got.clear()
        brand.run(now=TWO)
        (batch,) = got
        one = "fay" if "fay" in batch else "gus"
        assert Counter(batch) == Counter(["ann", "bob", "cid", one, "new"])
        states = dict(rows(brand, "receipts", "touch", "state"))
        names = {brand.number(f"wecom:{name}"): name for name in [*NAMES, "new"]}
        editions = sorted(
            (edition, names[to], states[touch])
            for touch, to, edition in rows(brand, "touches", "id", "recipient", "edition")
        )
        again = [(name, state) for edition, name, state in editions if edition == 2]
        expected = [("ann", "sent"), ("bob", "handed"), ("cid", "unknown"), (one, "sent"), ("hal", "suppressed")]
        assert again == sorted(expected)
        # What failed or was suppressed was never said, so there is nothing to correct; who is new gets the mended one.
        assert {name: state for edition, name, state in editions if edition == 1 and name in {"dee", "eve", "new"}} == {
            "dee": "failed",
            "eve": "suppressed",
            "new": "sent",
        }
        brand.run(now=TWO)
        brand.deliver(now=TWO)
        assert len(got) == 1
