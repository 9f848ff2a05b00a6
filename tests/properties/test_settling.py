"""Claims asked while a run goes on: its ledgers are those of a run that has all others wait while it settles."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from unittest.mock import patch

import pytest
from attrs import define, evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import folder, gapless, happened, opened, rounds, rows
from tests.ledgers import Move, Plain
from tests.offers import offering
from tests.properties.test_claims_that_cost import BEGIN, MEMBERS, TOML, answers, balances, histories, settle

from siyu.brand import Brand
from siyu.claims.ahead import Earnings
from siyu.stages.record import write_ahead
from siyu.stages.settle import settle_ahead
from siyu.tables import TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from siyu.work import Work

Point = Literal["gate", "incentive.wallet", "settled", "record"]

POINTS: list[Point] = ["gate", "incentive.wallet", "settled", "record"]
"""When claims come: before a run settles, while it does, before it takes the lock, and while it holds it."""


@frozen
class Round:
    """What comes before a run, and what comes at a point of it."""

    before: Sequence[Move]
    during: Sequence[Move]
    point: Point
    pair: tuple[str, str] | None

    @property
    def now(self) -> int:
        return max((move.second + 1 for move in (*self.before, *self.during)), default=BEGIN)


@define
class Meanwhile:
    """Asks at a point of a run, once."""

    brand: Brand
    round: Round
    asking: threading.Thread | None = None

    def told(self, words: str) -> None:
        """Take what a run says that it does."""
        if words != self.round.point or self.asking is not None:
            return
        self.asking = threading.Thread(target=settle, args=(self.brand, self.round.during, "one by one"), kwargs=FINE)
        self.asking.start()
        if words != "record":
            # There they have to wait for the run.
            self.asking.join(60)
            assert not self.asking.is_alive()

    def done(self) -> None:
        assert self.asking is not None
        self.asking.join(60)


FINE = {"failing": False}


@st.composite
def rounds_of(draw: st.DrawFn) -> list[Round]:
    """Draw histories; of each part of one, the last claims and payments come during the run."""
    found = []
    for moves, pair in draw(histories()):
        place = draw(st.integers(0, len(moves)))
        late = [move for move in moves[place:] if move.sort in {"claim", "pay"}]
        before = [move for move in moves if move not in late]
        found.append(Round(before, late, draw(st.sampled_from(POINTS)), pair))
    return found


def passed(path: Path, history: Sequence[Round], *, ahead: bool) -> dict[str, Any]:
    """Let a brand go through a history; return what its ledgers say."""
    with opened(path, plugins=offering()) as brand:
        when = datetime.fromtimestamp(BEGIN - 1, UTC).isoformat()
        brand.ingest([happened(who, "joined", when, f"j-{who}") for who in MEMBERS], now=BEGIN)
        for each in history:
            settle(brand, each.before, "in batches", failing=False)
            run(brand, each, ahead=ahead)
            if each.pair:
                brand.merge(*(f"wecom:{who}" for who in each.pair), by="Li", why="one phone", now=each.now)
        gapless(brand)
        lines = rows(brand, "grants", "seq", *TABLES["grants"].columns)
        return {"answers": answers(brand), "balances": balances(brand), "lines": lines}


def run(brand: Brand, each: Round, *, ahead: bool) -> None:
    """Do a run, with what comes meanwhile."""
    if not ahead and each.point == "incentive.wallet":
        # In the plain way nobody can ask while it settles.
        each = evolve(each, point="settled")
    meanwhile = Meanwhile(brand, each)

    def settled(work: Work) -> None:
        meanwhile.told("settled")
        write_ahead(work)

    def settling(work: Work, since: int) -> Earnings:
        return settle_ahead(work, since) if ahead else Earnings(work, work.view, since)

    with patch("siyu.loop.write_ahead", settled), patch("siyu.loop.settle_ahead", settling):
        brand.run(now=each.now, progress=meanwhile.told)
    meanwhile.done()


def expected(history: Sequence[Round]) -> tuple[dict[str, str], dict[str, list[int]]]:
    """Return the answers and balances by the plain model, to which nothing happens during a run."""
    plain = Plain()
    for each in history:
        late = each.point == "record"
        for move in (*each.before, *(() if late else each.during)):
            plain.take(move)
        plain.run(each.now)
        for move in each.during if late else ():
            plain.take(move)
        if each.pair:
            plain.join(*each.pair)
    wallets = {(who, name): lot.left for (who, name), lot in plain.lots.items() if not name.startswith("bag ")}
    left = {who: sorted(n for (whose, _), n in wallets.items() if whose == plain.one(who) and n) for who in MEMBERS}
    return plain.answers, left


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("settling"), TOML)


@given(history=rounds_of())
@settings(max_examples=rounds(2, 80))
def test_it_is_as_if_the_run_had_held_the_lock(path: Path, history: list[Round]) -> None:
    found = passed(path, history, ahead=True)
    assert found == passed(path, history, ahead=False)
    assert (found["answers"], found["balances"]) == expected(history)
