"""Gifts against plain models: one for each order that was reviewed well enough, and goods for points that are there."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import HEAD, folder, happened, rounds, rows
from tests.crashes import Crash, crashes, crashing

from siyu.brand import Brand
from siyu.testing.views import view
from siyu_plugins.incentives.gift import Gift, Review

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86_400
START = int(datetime(2026, 11, 10, 4, tzinfo=UTC).timestamp())
WORDS, PHOTOS, STOCK, EACH, PRICE = 5, 1, 3, 2, 20
TOML = (
    HEAD
    + """
[incentive.points]
use = "points"
from = 2026-11-01
earn = [{ event = "checked_in", points = 15 }]
[incentive.goods]
use = "gift"
from = 2026-11-01
goods = [{ sku = "M01", costs = [{ incentive = "points", amount = 20 }], stock = 3, each = 2 }]
unpaid = "15m"
"""
)

facts = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["ordered", "paid", "rated", "rated", "rated", "shared"]),
        "member": st.integers(1, 2),
        "ref": st.sampled_from(["o1", "o2", ""]),
        "second": st.integers(0, 6),
        "words": st.sampled_from([4, 5, 9]),
        "photos": st.sampled_from([None, 0, 1]),
    }
)


def event(number: int, fact: dict[str, Any]) -> dict[str, Any]:
    props = {"words": fact["words"]} | ({} if fact["photos"] is None else {"photos": fact["photos"]})
    named = {"id": number, "source": "test", "source_id": str(number), "entry": "shop", "props": json.dumps(props)}
    second = START + fact["second"] * 3600
    return named | {name: fact[name] for name in ("type", "member", "ref")} | {"second": second, "day": second // DAY}


def deserved(happened_: list[dict[str, Any]]) -> dict[tuple[int, str], int]:
    """Return the orders that earned a gift, each with when it was."""
    found: dict[tuple[int, str], int] = {}
    for review in happened_:
        enough = review["words"] >= WORDS and (review["photos"] or 0) >= PHOTOS
        key = (review["member"], review["ref"])
        bought = [
            order["second"]
            for order in happened_
            if order["type"] in {"ordered", "paid"} and (order["member"], order["ref"]) == key
        ]
        if review["type"] == "rated" and review["ref"] and enough and bought and min(bought) <= review["second"]:
            found[key] = min(found.get(key, 99), review["second"])
    return found


@given(happened_=st.lists(facts, max_size=12), shuffled=st.randoms(use_true_random=False))
@settings(max_examples=rounds(15, 200), deadline=None)
def test_one_gift_for_each_order_in_whatever_order_facts_come(happened_: list[dict[str, Any]], shuffled: Any) -> None:  # noqa: ANN401 - random.Random, or Hypothesis's own
    gift = Gift(name="thanks", from_=date(2026, 11, 1), reviews=Review(sku="S01", words=WORDS, photos=PHOTOS))
    events = [event(number, fact) for number, fact in enumerate(happened_, 1)]
    shuffled.shuffle(events)
    seen = view('[brand]\nname = "tea"\n', {"events": events}, START + DAY, engine="polars")
    settled = gift.settle(seen)
    assert settled is not None
    lines = seen.rows(settled.select("member", "cause", "time", "amount", "kind", "item"))
    assert sorted(lines) == sorted(
        (member, ref, START + second * 3600, 1, "earned", "S01")
        for (member, ref), second in deserved(happened_).items()
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("gifts"), TOML)


moves = st.lists(
    st.tuples(
        st.sampled_from(["check_in", "run", "claim", "claim", "claim", "pay", "reopen"]),
        st.sampled_from(["m1", "m2", "m3"]),
        st.sampled_from([0, 60, 900]),
    ),
    min_size=4,
    max_size=16,
)


@define
class Play:
    """A brand, and what its ledgers should come to, in the plainest words."""

    brand: Brand
    fresh: Counter[str] = field(factory=Counter)
    points: Counter[str] = field(factory=Counter)
    asked: dict[str, tuple[str, int, str]] = field(factory=dict)

    def ingest(self, who: str, what: str, second: int, name: str, **more: object) -> None:
        when = datetime.fromtimestamp(second, UTC).isoformat()
        self.brand.ingest([happened(who, what, when, name, **more)], now=second)

    def check_in(self, who: str, second: int, number: int) -> None:
        self.ingest(who, "checked_in", second, f"c{number}")
        self.fresh[who] += 15

    def run(self, _: str, second: int, __: int) -> None:
        self.brand.run(now=second)
        self.points, self.fresh = self.points + self.fresh, Counter()

    def reopen(self, *_: object) -> None:
        self.brand._grants.forget()

    def pay(self, _: str, second: int, number: int) -> None:
        for name, (payer, until, state) in list(self.asked.items())[-1:]:
            self.ingest(payer, "paid", second, f"p{number}", ref=name)
            if state == "reserved" and second < until:
                self.asked[name] = (payer, until, "paid")

    def claim(self, who: str, second: int, number: int) -> None:
        for name, (payer, until, state) in self.asked.items():
            if state == "reserved" and until <= second:
                self.asked[name] = (payer, until, "released")
                self.points[payer] += PRICE
        there = self.standing()
        fits = len(there) < STOCK and there.count(who) < EACH and self.points[who] >= PRICE
        answer = self.brand.claim("goods", member=f"wecom:{who}", id=f"q{number}", now=second)
        assert answer.kind == ("reserved" if fits else "refused"), answer.reason
        if fits:
            self.points[who] -= PRICE
            self.asked[f"q{number}"] = (who, second + 900, "reserved")

    def standing(self) -> list[str]:
        return [payer for payer, _, state in self.asked.values() if state in {"reserved", "paid"}]


@given(drawn=moves, ways=crashes())
@settings(max_examples=rounds(2, 40), deadline=None)
def test_goods_cost_points_that_are_there_and_stock_is_never_oversold(
    path: Path, drawn: list[tuple[str, str, int]], ways: list[Crash]
) -> None:
    second = START
    with crashing(path, ways) as brand:
        play = Play(brand)
        for number, (sort, who, later) in enumerate(
            [("check_in", "m1", 0), ("check_in", "m1", 0), ("run", "", 0), *drawn]
        ):
            second += later
            getattr(play, sort)(who, second, number)
        names = {brand.number(f"wecom:{who}"): who for who in ("m1", "m2", "m3")}
        balance = Counter[tuple[str, str]]()
        for incentive, member, amount in rows(brand, "grants", "incentive", "member", "amount"):
            balance[incentive, names[member]] += amount
    for who in names.values():
        assert balance["points", who] == play.points[who] >= 0
        assert balance["goods", who] == play.standing().count(who)
