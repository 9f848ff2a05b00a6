"""The one writer of grants: what facts earn in a run, and claims as they come, settled under one lock."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import narwhals as nw

from siyu.claims.desk import Claim, Desk, Line, Payment
from siyu.claims.earned import LINE, earn
from siyu.kinds import Incentive
from siyu.ledger.opening import opened

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from siyu.config.expressions import Condition
    from siyu.config.programme import Programme
    from siyu.kinds import Frame
    from siyu.view import View
    from siyu.work import Work

__all__ = ["GrantWriter", "lines_frame", "pending"]

_MOVES = ["type", "id", "member", "subject", "ref", "source_id", "second", "quantity"]


class GrantWriter:
    """Holds the claims desk, which survives from one batch to the next.

    Attributes:
        lock: Held by whoever settles, from the first look at the ledger to the commit.
        run: The run that the claims of this desk are recorded under; None until the first.
    """

    def __init__(self, programme: Programme, key: str) -> None:
        """Start without a desk; the first settlement opens it from the ledger."""
        self.lock = threading.Lock()
        self._programme = programme
        self._key = key
        self._desk: Desk | None = None
        self._entitled: _Entitled | None = None
        self.run: int | None = None

    def forget(self) -> None:
        """Let the next settlement open the desk anew: after a failure, a merge, or a run."""
        self._desk = self._entitled = self.run = None

    def desk(self, view: View, *, shared: bool = True) -> Desk:
        """Return the desk over a view's ledger; one of its own for a plan, which must leave no trace."""
        if not shared:
            return self._opened(view, _Entitled(view))
        if self._desk is None or self._entitled is None:
            self._entitled = _Entitled(view)
            self._desk = self._opened(view, self._entitled)
        self._entitled.view = view
        return self._desk

    def _opened(self, view: View, entitled: _Entitled) -> Desk:
        claimable = sorted({name for name, _ in self._names()})
        ledger = view.grants.filter(nw.col("incentive").is_in(claimable)).sort("seq").select(*LINE)
        rows = view.rows(ledger) if claimable else []
        return Desk.build(self._programme, self._key, view.window, entitled, (Line(*row) for row in rows))

    def _names(self) -> list[tuple[str, str]]:
        incentives = self._programme.of(Incentive)
        return [(one.name, term.item) for one in incentives for term in one.terms()]

    def settle(self, work: Work, *, shared: bool) -> Frame:
        """Decide the claims that wait and what facts earn; return the new lines of all ledgers.

        Every incentive sees what was settled before it in this pass.
        """
        stored = work.view.grants
        desk = self.desk(work.view, shared=shared)
        decided = desk.decide(pending(work.view, desk))
        parts = [work.keep(lines_frame(work, decided))] if decided else []
        brought = opened(work, stored)
        parts += [] if brought is None else [brought]
        for incentive in work.components(Incentive):
            ledger = nw.concat([part.select(*LINE) for part in (stored, *parts)])
            work.view = work.view.having(grants=_numbered(stored, parts))
            new = earn(work, incentive, ledger)
            parts += [] if new is None else [new]
        return work.keep(nw.concat(parts)) if parts else stored.select(*LINE).head(0)


def _numbered(stored: Frame, parts: list[Frame]) -> Frame:
    blank = [part.with_columns(seq=nw.lit(None).cast(nw.Int64), run=nw.lit(None).cast(nw.Int64)) for part in parts]
    return nw.concat([stored.select(*LINE, "seq", "run"), *blank])


class _Entitled:
    """Who meets a condition, as of the last run: looked up once for each condition, in the view of the day."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._known: dict[str, Collection[int]] = {}

    def __call__(self, condition: Condition) -> Collection[int]:
        if condition.text not in self._known:
            self._known[condition.text] = self._members(condition)
        return self._known[condition.text]

    def _members(self, condition: Condition) -> Collection[int]:
        columns = set(self.view.members.collect_schema().names())
        plain = {need.replace("did:", "last:") for need in condition.needs if not need.startswith(("tag:", "segment:"))}
        if plain - columns:
            return frozenset()
        return frozenset(member for (member,) in self.view.rows(self.view.matching(condition)))


def pending(view: View, desk: Desk) -> list[Claim | Payment]:
    """Return the claims that have no answer yet, and the payments for open reservations, in the log's order.

    A claim from before an offer's days, its head start included, is history, and gets none.
    """
    if not desk.offers:
        return []
    early = {key: offer.term.early.by if offer.term.early else 0 for key, offer in desk.offers.items()}
    begin = min(offer.begin - early[key] for key, offer in desk.offers.items())
    wanted = ["claimed", "paid"] if any(offer.term.unpaid for offer in desk.offers.values()) else ["claimed"]
    events = view.events.filter(
        nw.col("type").is_in(wanted), nw.col("second") >= begin, nw.col("seq") > desk.seen
    ).sort("seq")
    moves = [_move(dict(zip(_MOVES, row, strict=True))) for row in view.rows(events.select(*_MOVES))]
    return [move for move in moves if not _historic(move, desk, early)]


def _historic(move: Claim | Payment, desk: Desk, early: Mapping[tuple[str, str], int]) -> bool:
    if isinstance(move, Payment):
        return False
    key = (move.incentive, move.item)
    offer = desk.offers.get(key)
    return offer is not None and move.second < offer.begin - early[key]


def _move(row: Mapping[str, object]) -> Claim | Payment:
    if row["type"] == "paid":
        return Payment(row["id"], row["ref"] or "", row["second"])  # type: ignore[arg-type]
    texts = (row["subject"] or "", row["ref"] or "", row["source_id"] or "")
    quantity = 1 if row["quantity"] is None else row["quantity"]
    return Claim(row["id"], row["member"], *texts, row["second"], quantity)  # type: ignore[arg-type]


def lines_frame(work: Work, lines: list[Line]) -> Frame:
    """Return lines as a frame of the ledger's columns."""
    columns = {name: [getattr(line, name) for line in lines] for name in LINE}
    return work.session.engine.frame(columns, LINE)
