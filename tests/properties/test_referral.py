"""Referrals settle as a plain model says, whatever comes late, in whichever parts, and whoever turns out to be whom."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import HEAD, folder, gapless, rounds, rows
from tests.crashes import Crash, crashes, crashing
from tests.referrals import BEGIN, HOUR, KEY, MEMBERS, NUMBERS, Model

from siyu.keys import hashed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from siyu.brand import Brand

DEVICES = ["", "", "", "", "d1", "d2"]
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
limit = { times = 2 }
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
HOURS = [-30, -1, 0, 0, 1, 1, 2, 3, 24, 25, 48, 72, 100, 150]
CUTS = [60, 130, 200, 400]


def facts(chance: Random) -> list[dict[str, Any]]:
    """Return invitations, joins, purchases, refunds, leavings and the words of people, by chance.

    They are not drawn one by one, since what is drawn so is mostly alike, and nothing comes of it here.
    """
    found: list[dict[str, Any]] = []
    pick = chance.choice

    def add(kind: str, name: str, at: int, device: str = "", **more: object) -> None:
        props = json.dumps({"device": device}) if device else None
        second = BEGIN + at * HOUR
        row = {"type": kind, "who": name, "second": second, "source_id": f"f{len(found)}", "props": props, **more}
        found.append(row)

    def said() -> str:
        # Few inviters, so that bursts come about and limits are reached.
        name = pick(["m0", "m0", "m1", *MEMBERS])
        return pick([f"wecom:{name}", f"wecom:{name}", str(NUMBERS[name]), "booth", ""])

    orders = []
    for name in [*MEMBERS, *chance.choices(MEMBERS, k=3)]:
        at = pick(HOURS)
        add("joined", name, at, pick(DEVICES), **{pick(["ref", "ref", "subject"]): said()})
        orders.append((name, at + pick([0, 1, 30, 90]), pick([4999, 5000, 5000, 9000])))
    for _ in range(chance.randrange(5)):
        add(pick(["followed", "scanned"]), pick(MEMBERS), pick(HOURS), subject=said())
    for number, (name, at, amount) in enumerate(orders):
        add("paid", name, at, pick(DEVICES), ref=f"o{number}", amount=amount)
        if chance.random() < 0.2:
            add("refunded", name, at + pick(HOURS), ref=f"o{number}", amount=1)
    for name in chance.sample(MEMBERS, chance.randrange(3)):
        add("left", name, pick(HOURS) + 1)
    for row in chance.sample([row for row in found if row["type"] == "joined"], chance.randrange(8)):
        word, cause = pick(["invitation_approved", "invitation_refused"]), hashed(KEY, "api", str(row["source_id"]))
        add(word, row["who"], pick(HOURS) + 60, subject="bring", ref=str(cause), staff="li")
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
    seed=st.integers(0, 2**32),
    late=st.sets(st.integers(0, 40), max_size=6),
    merges=st.dictionaries(st.sampled_from(CUTS), st.tuples(*[st.sampled_from(MEMBERS)] * 2), max_size=2),
    cuts=st.sets(st.sampled_from(CUTS), min_size=1, max_size=2),
    ways=crashes(),
)
@settings(max_examples=rounds(1, 60))
def test_a_ledger_is_what_the_model_says(
    paths: dict[str, Path],
    name: str,
    seed: int,
    late: set[int],
    merges: dict[int, tuple[str, str]],
    cuts: set[int],
    ways: list[Crash],
) -> None:
    chance = Random(seed)
    events = facts(chance)
    rest = [{**row, "id": hashed(KEY, "api", row["source_id"])} for row in events]
    waiting, known, model = set(late), [], Model(name)
    with crashing(paths[name], ways) as brand:
        for cut in [*sorted(cuts), 900]:
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
