"""Red packets add up exactly, go to those who come first, and expire: however claims are cut, repeated and replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import HEAD, folder, gapless, happened, opened, rounds, rows
from tests.crashes import Crash, crashes, crashing

from siyu.moments import moment
from siyu_plugins.incentives.red_packet import split

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from siyu.brand import Brand

BEGIN = moment("2026-11-12T00:00", "Asia/Shanghai")
END = BEGIN + 86400
LASTS = 3600
SHARES = split("secret", "luck", 1000, 5, 10)
MEMBERS = [f"m{number}" for number in range(7)]
EACH = 2
TOML = (
    HEAD
    + """
[incentive.luck]
use = "red-packet"
from = 2026-11-12
until = 2026-11-12
amount = "10.00"
packets = 5
least = "0.10"
each = 2
lasts = "1h"
seed = { file = "seed" }
"""
)


@frozen
class Ask:
    """A claim: who, when, under which id, and for how many."""

    who: str
    second: int
    request: str
    quantity: int = 1


def expected(asks: Sequence[Ask]) -> dict[str, int]:
    """Return how much each request got, one after the other."""
    got: dict[str, int] = {}
    had: dict[str, int] = {}
    for ask in asks:
        if ask.request in got:
            continue
        left = SHARES[sum(had.values()) :]
        fits = BEGIN <= ask.second < END and ask.quantity == 1 and had.get(ask.who, 0) < EACH
        got[ask.request] = left[0] if left and fits else 0
        had[ask.who] = had.get(ask.who, 0) + (1 if left and fits else 0)
    return got


def asked(ask: Ask) -> dict[str, Any]:
    named = {"incentive": "luck", "member": f"wecom:{ask.who}", "id": ask.request}
    return {**named, "item": "packet", "quantity": ask.quantity}


def answered(brand: Brand, part: Sequence[Ask], *, together: bool) -> dict[str, int]:
    """Ask claims of one moment together, or one by one; return what each got."""
    found: dict[str, int] = {}
    for second in sorted({ask.second for ask in part}):
        same = [asked(ask) for ask in part if ask.second == second]
        for batch in [same] if together else [[one] for one in same]:
            found |= {answer.id: answer.amount for answer in brand.claims(batch, now=second)}
    return found


@st.composite
def histories(draw: st.DrawFn) -> list[Ask]:
    second, asks = BEGIN - draw(st.sampled_from([0, 0, 60])), list[Ask]()
    for number in range(draw(st.integers(1, 14))):
        second += draw(st.sampled_from([0, 0, 30, 60, 1800]))
        old = draw(st.sampled_from(asks)) if asks else None
        again = old is not None and draw(st.integers(0, 5)) == 0
        quantity = draw(st.sampled_from([1, 1, 1, 1, 2, 0]))
        asks.append(
            Ask(old.who, second, old.request)
            if again and old
            else Ask(draw(st.sampled_from(MEMBERS)), second, f"r{number}", quantity)
        )
    late = draw(st.booleans())
    return [*asks, Ask("m0", END, "late")] if late else asks


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = folder(tmp_path_factory.mktemp("packets"), TOML)
    (made / "seed").write_text("secret\n", encoding="ascii")
    return made


@given(asks=histories(), data=st.data(), ways=crashes())
@settings(max_examples=rounds(3, 80))
def test_packets(path: Path, asks: list[Ask], data: st.DataObject, ways: list[Crash]) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(asks)), max_size=3)))
    runs = data.draw(st.lists(st.integers(0, len(cuts)), max_size=2))
    known = expected(asks)
    with crashing(path, ways) as brand:
        brand.ingest([happened(who, "joined", "2026-11-11T00:00:00", f"j{who}") for who in MEMBERS], now=BEGIN)
        got: dict[str, int] = {}
        for number, (begin, end) in enumerate(zip([0, *cuts], [*cuts, len(asks)], strict=True)):
            got |= answered(brand, asks[begin:end], together=data.draw(st.booleans()))
            if number in runs:
                brand.run(now=asks[end - 1].second if end else BEGIN, send=False)
        assert got == known
        granted = [amount for kind, amount in rows(brand, "grants", "kind", "amount") if kind == "granted"]
        assert tuple(granted) == SHARES[: len(granted)]
        assert sum(granted) == sum(known.values())
        assert len(granted) < len(SHARES) or sum(granted) == 1000
        for now in (END + LASTS, END + LASTS, END + 9 * LASTS):
            brand.run(now=now, send=False)
        assert sum(amount for (amount,) in rows(brand, "grants", "amount")) == 0
        expired = [line for line in rows(brand, "grants", "kind", "time", "amount") if line[0] == "expired"]
        seconds = {ask.request: ask.second for ask in reversed(asks)}
        assert sorted(expired) == sorted(
            ("expired", seconds[request] + LASTS, -amount) for request, amount in known.items() if amount
        )
        gapless(brand)


def test_a_claim_before_it_begins_is_told_when_it_does(path: Path) -> None:
    with opened(path) as brand:
        answer = brand.claim("luck", member="wecom:m0", id="r", now=BEGIN - 60)
        assert (answer.granted, answer.reason) == (
            False,
            "it has not begun; it begins on 2026-11-12 00:00:00+08:00",
        )
