"""Claims that cost, wait, move units and share budgets, against a plain model: whichever way they come in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import HEAD, folder, gapless, happened, opened, rounds, rows
from tests.ledgers import CAMPAIGN, CENT, DAILY, TIMES, TOTAL, Move, Plain
from tests.offers import CODE, LASTS, PENDING, UNPAID, offering

from siyu.claims.lines import ANSWERS
from siyu.moments import moment
from siyu.stores.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from siyu.brand import Brand

Way = Literal["one by one", "in batches", "as events"]
Segment = tuple[list[Move], tuple[str, str] | None]

BEGIN = moment("2026-11-12T22:00", "Asia/Shanghai")
MEMBERS = [f"m{number}" for number in range(4)]
TOML = (
    HEAD
    + f"""
[campaign.festival]
use = "broadcast"
from = 2026-11-01
on = 2026-11-30
at = "10:00"
say = "hi"
via = "box"
budget = {{ amount = "{CAMPAIGN / 100:.2f}" }}
[incentive.wallet]
use = "wallet"
from = 2026-11-01
during = "festival"
worth = {{ units = 3, amount = "0.10" }}
[incentive.goods]
use = "goods"
from = 2026-11-01
during = "festival"
worth = {{ amount = "0.0{CENT}" }}
limit = {{ per = "day", times = {TIMES} }}
budget = [{{ amount = {TOTAL} }}, {{ per = "day", amount = {DAILY} }}]
"""
)


@st.composite
def histories(draw: st.DrawFn) -> list[Segment]:
    """Draw what happens from run to run, in the order of time, and who turns out to be one person after a run."""
    second, number, known = BEGIN, 0, dict[str, list[Move]](order=[], claim=[])
    segments: list[Segment] = []
    for _ in range(draw(st.integers(2, 4))):
        moves = []
        for _ in range(draw(st.integers(1, 9))):
            sort = draw(st.sampled_from(["order", "claim", "claim", "claim", "claim", "pay", "refund"]))
            least = 0 if sort == "claim" else 1
            second += max(least, draw(st.sampled_from([0, 0, 60, 300, PENDING, UNPAID - 1, UNPAID, 3600, LASTS])))
            move = drawn(draw, sort, second, number, known)
            moves += [] if move is None else [move]
            number += 1
        second += 1
        segments.append((moves, draw(st.sampled_from([None, None, ("m0", "m1"), ("m2", "m3")]))))
    return segments


def drawn(draw: st.DrawFn, sort: str, second: int, number: int, known: dict[str, list[Move]]) -> Move | None:
    who, name = draw(st.sampled_from(MEMBERS)), f"n{number}"
    if sort == "order":
        move = Move("order", second, who, name, quantity=draw(st.sampled_from([3, 6, 12])))
        known["order"].append(move)
        return move
    if sort == "claim":
        item = draw(st.sampled_from(["cup", "cup", "bag", "packet", "box", "send"]))
        quantity = draw(st.sampled_from([1, 1, 1, 2, 3]))
        move = Move("claim", second, who, name, item, quantity, to=draw(st.sampled_from(MEMBERS)))
        known["claim"].append(move)
        return move
    told = known["order" if sort == "refund" else "claim"]
    if not told:
        return None
    about = draw(st.sampled_from(told))
    if sort == "refund":
        told.remove(about)
        return Move("refund", second, about.who, about.name)
    return Move("pay", second, about.who, about.name)


def event(move: Move) -> dict[str, Any]:
    when = datetime.fromtimestamp(move.second, UTC).isoformat()
    if move.sort == "order":
        return happened(move.who, "ordered", when, move.name, ref=move.name, amount=100 * move.quantity)
    if move.sort == "refund":
        return happened(move.who, "refunded", when, f"back-{move.name}", ref=move.name)
    if move.sort == "pay":
        return happened(move.who, "paid", when, f"pay-{move.name}-{move.second}", ref=move.name)
    about: dict[str, Any] = {"subject": "wallet" if move.item == "send" else "goods", "ref": move.item}
    props = json.dumps({"to": f"wecom:{move.to}", "code": CODE})
    return happened(move.who, "claimed", when, move.name, source="claims", quantity=move.quantity, props=props, **about)


def asked(move: Move) -> dict[str, Any]:
    names = {"incentive": "wallet" if move.item == "send" else "goods", "item": move.item, "id": move.name}
    people = {"member": f"wecom:{move.who}", "to": f"wecom:{move.to}"}
    return {**names, **people, "quantity": move.quantity, "code": CODE}


def settle(brand: Brand, moves: Sequence[Move], way: Way, *, failing: bool) -> None:
    """Take moves in one way; if the disk is failing, each batch of claims is asked again after the first answer."""
    if way == "as events":
        brand.ingest([event(move) for move in moves], now=moves[-1].second if moves else BEGIN)
        return
    gathered: list[Move] = []
    for move in [*moves, None]:
        closes = move is None or move.sort != "claim" or (gathered and gathered[0].second != move.second)
        if gathered and (closes or way == "one by one"):
            ask(brand, gathered, failing=failing)
            gathered = []
        if move is not None and move.sort == "claim":
            gathered.append(move)
        elif move is not None:
            brand.ingest([event(move)], now=move.second)


def ask(brand: Brand, moves: Sequence[Move], *, failing: bool) -> None:
    batch, now = [asked(move) for move in moves], moves[0].second
    if failing:
        with patch.object(Session, "writing", side_effect=OSError("no space")), pytest.raises(OSError, match="space"):
            brand.claims(batch, now=now)
    first = brand.claims(batch, now=now)
    assert [answer.id for answer in first] == [move.name for move in moves]
    assert brand.claims(batch, now=now) == first


def passed(path: Path, history: Sequence[Segment], ways: Sequence[Way], *, failing: bool = False) -> dict[str, Any]:
    """Let a brand go through a history; return what its ledgers say."""
    with opened(path, plugins=offering()) as brand:
        when = datetime.fromtimestamp(BEGIN - 1, UTC).isoformat()
        brand.ingest([happened(who, "joined", when, f"j-{who}") for who in MEMBERS], now=BEGIN)
        for number, (moves, pair) in enumerate(history):
            settle(brand, moves, ways[number % len(ways)], failing=failing)
            now = moves[-1].second + 1 if moves else BEGIN
            brand.run(now=now)
            if pair:
                brand.merge(*(f"wecom:{who}" for who in pair), by="Li", why="one phone", now=now)
        gapless(brand)
        return {"answers": answers(brand), "balances": balances(brand), "lines": lines(brand)}


def answers(brand: Brand) -> dict[str, str]:
    return {request: kind for request, kind in rows(brand, "grants", "request", "kind") if request and kind in ANSWERS}


def balances(brand: Brand) -> dict[str, list[int]]:
    """Return what is left of each member's lots in the wallet, by who they are."""
    canon = dict(rows(brand, "canon", "member", "canon"))
    left: dict[tuple[int, str], int] = {}
    for incentive, member, lot, amount in rows(brand, "grants", "incentive", "member", "lot", "amount"):
        if incentive == "wallet":
            key = canon.get(member, member), lot
            left[key] = left.get(key, 0) + amount
    ids = {who: canon.get(number, number) for who in MEMBERS for number in [brand.number(f"wecom:{who}")]}
    return {who: sorted(n for (whose, _), n in left.items() if whose == ids[who] and n) for who in MEMBERS}


def lines(brand: Brand) -> list[tuple[Any, ...]]:
    columns = ["id", "member", "incentive", "item", "lot", "kind", "amount", "cause", "request", "time", "available"]
    return sorted(rows(brand, "grants", *columns, "expires", "reason"), key=repr)


def expected(history: Sequence[Segment]) -> tuple[dict[str, str], dict[str, list[int]]]:
    plain = Plain()
    for moves, pair in history:
        for move in moves:
            plain.take(move)
        plain.run(moves[-1].second + 1 if moves else BEGIN)
        if pair:
            plain.join(*pair)
    wallets = {(who, name): lot.left for (who, name), lot in plain.lots.items() if not name.startswith("bag ")}
    left = {who: sorted(n for (whose, _), n in wallets.items() if whose == plain.one(who) and n) for who in MEMBERS}
    return plain.answers, left


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("costs"), TOML)


@given(
    history=histories(),
    ways=st.lists(st.sampled_from(["one by one", "in batches", "as events"]), min_size=1, max_size=3),
)
@settings(max_examples=rounds(4, 80))
def test_ledgers_add_up_whichever_way_claims_come(path: Path, history: list[Segment], ways: list[Way]) -> None:
    found = passed(path, history, ways)
    assert (found["answers"], found["balances"]) == expected(history)


@given(history=histories())
@settings(max_examples=rounds(1, 25))
def test_a_replay_gives_the_same_ledger_and_so_does_one_with_failures(path: Path, history: list[Segment]) -> None:
    found = passed(path, history, ["as events"])
    assert passed(path, history, ["one by one"], failing=True)["lines"] == found["lines"]
