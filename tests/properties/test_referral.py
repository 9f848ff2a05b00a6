"""Referrals settle as a plain model says, whatever comes late, in whichever parts, and whoever turns out to be whom."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import HEAD, folder, gapless, opened, rounds, rows
from tests.referrals import BEGIN, HOUR, KEY, MEMBERS, NUMBERS, Model

from siyu.keys import hashed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from siyu.brand import Brand

DEVICES = ["", "", "d1", "d2"]
SHARED = (
    HEAD
    + """
[field.device]
purpose = "tell who is behind"
[incentive.points]
use = "points"
from = 2026-11-01
earn = [{ event = "checked_in", points = 1 }]
[incentive.bring]
use = "referral"
from = 2026-11-01
gives = { inviter = { points = 200 }, friend = { points = 50 }, above = { points = 20 } }
basis = "a test"
limit = { times = 3 }
codes = { booth = "wecom:m1" }
"""
)
GUARD = 'guard = { same = ["device"], family = 2, bursts = [{ friends = 2, within = "2h" }]'
BUYS = 'counts = { event = "paid", at_least = "50.00", within = "10d", settle = "2d" }'
STAYS = 'counts = { event = "joined", settle = "0s", stays = "2d" }'
BRANDS = {
    "buys": (BUYS, 'attribution = { within = "3d", touch = "last" }', GUARD + "}"),
    "stays": (STAYS, 'attribution = { within = "3d", touch = "first" }', GUARD + ', review = ["self", "burst"]}'),
}
# Few moments, so that many facts share one; some are before the first day.
HOURS = [-30, -1, 0, 1, 2, 3, 24, 25, 48, 60, 72, 100, 150, 300]
CUTS = [60, 130, 200, 400]


@st.composite
def facts(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw invitations, joins, purchases, refunds, leavings and the words of people."""
    who, hour = st.sampled_from(MEMBERS), st.sampled_from(HOURS)
    said = st.one_of(
        who.map(lambda name: f"wecom:{name}"), who.map(lambda name: str(NUMBERS[name])), st.sampled_from(["booth", ""])
    )
    found: list[dict[str, Any]] = []

    def add(kind: str, name: str, at: int, device: str = "", **more: object) -> None:
        props = json.dumps({"device": device}) if device else None
        second = BEGIN + at * HOUR
        row = {"type": kind, "who": name, "second": second, "source_id": f"f{len(found)}", "props": props, **more}
        found.append(row)

    device = st.sampled_from(DEVICES)
    for name, at, text, machine in draw(st.lists(st.tuples(who, hour, said, device), min_size=4, max_size=12)):
        column = draw(st.sampled_from(["ref", "ref", "subject"]))
        add("joined", name, at, machine, **{column: text})
    for name, at, text in draw(st.lists(st.tuples(who, hour, said), max_size=4)):
        add(draw(st.sampled_from(["followed", "scanned"])), name, at, subject=text)
    orders = draw(st.lists(st.tuples(who, hour, st.sampled_from([4999, 5000, 9000]), device), min_size=4, max_size=14))
    for number, (name, at, amount, machine) in enumerate(orders):
        add("paid", name, at, machine, ref=f"o{number}", amount=amount)
    for number, at in draw(st.lists(st.tuples(st.integers(0, len(orders) - 1), hour), max_size=3)):
        add("refunded", orders[number][0], at + 1, ref=f"o{number}", amount=1)
    for name, at in draw(st.lists(st.tuples(who, hour), max_size=2)):
        add("left", name, at + 1)
    joins = [row for row in found if row["type"] == "joined"]
    for row, at in draw(st.lists(st.tuples(st.sampled_from(joins), hour), max_size=4)):
        cause = str(hashed(KEY, "api", str(row["source_id"])))
        word = draw(st.sampled_from(["invitation_approved", "invitation_refused"]))
        add(word, row["who"], at + 60, subject="bring", ref=cause, staff="li")
    return found


def ledger(brand: Brand, model: Model) -> list[tuple[Any, ...]]:
    """Return the ledgers of a brand as the model writes them."""
    names = {number: name for name, number in NUMBERS.items()}
    columns = ("incentive", "kind", "amount", "cause_kind", "time", "reason", "member", "cause")
    found = rows(brand, "grants", *columns)
    return sorted(((*rest, model.root(names[member]), int(cause)) for *rest, member, cause in found), key=repr)


def ingested(brand: Brand, some: Sequence[dict[str, Any]], now: int) -> None:
    if some:
        made = [
            {name: value for name, value in row.items() if name not in {"who", "second", "id"}}
            | {"identity": f"wecom:{row['who']}", "time": datetime.fromtimestamp(row["second"], UTC).isoformat()}
            for row in some
        ]
        brand.ingest(made, now=now)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {
        name: folder(tmp_path_factory.mktemp(name), SHARED.replace("basis =", "\n".join((*more, "basis ="))))
        for name, more in BRANDS.items()
    }


@given(
    name=st.sampled_from(sorted(BRANDS)),
    events=facts(),
    late=st.sets(st.integers(0, 40), max_size=6),
    merges=st.dictionaries(st.sampled_from(CUTS), st.tuples(*[st.sampled_from(MEMBERS)] * 2), max_size=2),
    cuts=st.sets(st.sampled_from(CUTS), min_size=1),
    chance=st.randoms(use_true_random=False),
)
@settings(max_examples=rounds(8, 100))
def test_a_ledger_is_what_the_model_says(
    paths: dict[str, Path],
    name: str,
    events: list[dict[str, Any]],
    late: set[int],
    merges: dict[int, tuple[str, str]],
    cuts: set[int],
    chance: Random,
) -> None:
    rest = [{**row, "id": hashed(KEY, "api", row["source_id"])} for row in events]
    waiting, known, model = set(late), [], Model(name)
    with opened(paths[name]) as brand:
        for cut in [*sorted(cuts), 500, 900]:
            now = BEGIN + cut * HOUR
            part = [row for number, row in enumerate(rest) if row["second"] <= now and number not in waiting]
            rest, waiting = [row for row in rest if row not in part], set()
            known += part
            chance.shuffle(part)
            half = chance.randrange(len(part) + 1)
            ingested(brand, part[:half], now)
            ingested(brand, part[half:], now)
            if cut in merges:
                one, other = merges[cut]
                if model.root(one) != model.root(other):
                    brand.merge(f"wecom:{one}", f"wecom:{other}", by="li", why="seen", now=now)
                    model.merge(one, other)
            brand.run(now=now, send=False)
            model.settle(known, now)
            assert ledger(brand, model) == model.ledger()
        gapless(brand)
