"""Claims, decided anew one by one in the order of the log, and compared with the lines that answered them.

Before each claim the desk stands as the ledger says it stood: so one wrong line is found where it is, and does not
make all that follow it look wrong. Where a line differs, and where a person reversed lines, the desk is opened anew
over the lines so far.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import define, field

from siyu.claims.books import Books
from siyu.claims.bounds import budgets
from siyu.claims.desk import Claim, Desk, Line, Payment
from siyu.claims.earned import LINE
from siyu.claims.moves import pending
from siyu.claims.reopening import reopened
from siyu.kinds import Incentive
from siyu.ledger.facts import BY_CLAIMS, of_facts
from siyu.ledger.findings import Findings
from siyu.ledger.said import Said
from siyu.ledger.verdicts import COMPARED, Verdict, told
from siyu.ledger.wallet import Wallet
from siyu.work import Work

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from siyu.ledger.past import Past
    from siyu.view import View

__all__ = ["replay"]

_MOST = 200


@define
class _Pass:
    """A run or a tick, at which those who wait get what has fallen back by then.

    Attributes:
        came: The ``seq`` of its row: all claims before it were decided before its facts.
        now: Its moment.
        settled: The ``seq`` of the first line that its facts wrote.
    """

    came: int
    now: int
    settled: int


def replay(work: Work, key: str, past: Past, found: Findings) -> None:
    """Decide all claims anew, and compare."""
    view = _upto(work, 0)
    desk = reopened(work.programme, key, Books(lambda: view, work.programme.brand.zone))
    if not desk.offers:
        return
    replayed = _Replay(work, key, desk, _stored(work, desk), Wallet.of(work.view, desk.purse.ledgers))
    replayed.prepare(desk)
    moves, came = pending(view, desk), _came(work)
    stream: list[tuple[int, Claim | Payment | _Pass]] = [(came[move.event], move) for move in moves]
    if replayed.passing:
        stream += [(one.came, one) for one in _passes(work)]
    for seq, move in sorted(stream, key=lambda one: one[0]):
        if replayed.waits(move, seq):
            found.note("claims that wait for the next run", 1)
        else:
            replayed.take(move, seq)
    found.checked["claims"] = sum(isinstance(one, Claim) for one in moves)
    told(work, past, [*replayed.wrong, *replayed.left()], found)


def _upto(work: Work, seq: int) -> View:
    return work.view.having(grants=work.view.raw["grants"].filter(nw.col("seq") <= seq))


def _stored(work: Work, desk: Desk) -> dict[int, tuple[int, int, Line]]:
    """Return seq, run and line of all lines that the desk writes, and of those that people reversed, by their ids."""
    names = sorted({incentive for incentive, _ in desk.offers} | set(desk.purse.ledgers))
    mine = (nw.col("cause_kind").is_in(["claim", "line", "restored"])) | nw.col("kind").is_in(BY_CLAIMS)
    lines = work.view.grants.filter(nw.col("incentive").is_in(names), mine)
    return {
        row[0]: (row[-2], row[-1], Line(*row[:-2]))
        for row in work.view.rows(lines.sort("seq").select(*LINE, "seq", "run"))
    }


def _came(work: Work) -> dict[int, int]:
    """Return when claims and payments came into the log: their ``seq``, by event."""
    events = work.view.raw["events"].filter(nw.col("type").is_in(["claimed", "paid"]))
    return dict(work.view.rows(events.select("id", "seq")))


def _passes(work: Work) -> Iterator[_Pass]:
    facts = work.view.raw["grants"].filter(of_facts()).group_by("run").agg(settled=nw.col("seq").min())
    runs = (
        work.view.raw["runs"]
        .filter(nw.col("kind").is_in(["run", "tick"]))
        .join(facts, left_on="id", right_on="run", how="left")
    )
    for came, now, settled in work.view.rows(runs.select("seq", "now", nw.coalesce("settled", "seq").alias("settled"))):
        yield _Pass(came, now, settled)


@define
class _Replay:
    """What the desk makes of the claims, beside what the ledger has.

    Attributes:
        stored: seq, run and line, by the line's id.
        wallet: What pays.
        said: Who was among those whom offers are for.
        met: The lines that the desk came to as well.
        wrong: Where the two differ.
        shared: Whether facts draw on budgets that bound claims, so that the desk is opened anew after each run.
        passing: Whether runs and ticks matter to the desk.
    """

    work: Work
    key: str
    desk: Desk
    stored: dict[int, tuple[int, int, Line]]
    wallet: Wallet
    said: Said = field(factory=Said)
    met: set[int] = field(factory=set)
    wrong: list[Verdict] = field(factory=list)
    shared: bool = False
    passing: bool = False
    _answers: dict[str, Line] = field(factory=dict)
    _by_hand: list[int] = field(factory=list)
    _settled: int = 0
    _opened: int = 0

    def prepare(self, desk: Desk) -> None:
        """Find the answer of each claim, what people reversed, and up to where claims were decided."""
        self.said.of(desk.offers.values())
        programme = self.work.programme
        claimed = {incentive for incentive, _ in desk.offers}
        self.shared = any(budgets(programme, one) for one in programme.of(Incentive) if one.name in claimed)
        self.passing = self.shared or any(offer.term.waiting for offer in desk.offers.values())
        lines = list(self.stored.values())
        self._answers = {
            line.cause: line
            for _, _, line in reversed(lines)
            if line.cause_kind == "claim" and line.kind not in {"redeemed", "waiting"}
        }
        raw = self.work.view.raw
        # Of whatever ledger: what facts gave may have drawn on budgets that bound claims.
        undone = raw["grants"].filter(nw.col("cause_kind") == "line").group_by("run").agg(nw.col("seq").max())
        self._by_hand = sorted((seq for _, seq in self.work.view.rows(undone)), reverse=True)
        passes = raw["runs"].filter(nw.col("kind").is_in(["run", "tick"])).select(nw.col("seq").max())
        self._settled = max(self.work.view.rows(passes)[0][0] or 0, *(seq for seq, _, _ in lines), 0)
        self._adopt(desk)

    def waits(self, move: Claim | Payment | _Pass, came: int) -> bool:
        """Whether nobody has looked at a claim yet."""
        return isinstance(move, Claim) and str(move.event) not in self._answers and came > self._settled

    def take(self, move: Claim | Payment | _Pass, came: int) -> None:
        """Decide a claim, take a payment, or go on to a run, and compare the lines that come of it."""
        self._reach(came)
        self.wallet.settled = move.settled if isinstance(move, _Pass) else came
        self.said.line = self._answers.get(str(move.event)) if isinstance(move, Claim) else None
        if isinstance(move, _Pass):
            lines = [*self.desk.decide([]), *self.desk.wind_up(move.now)]
        else:
            lines = self.desk.decide([move])
        differing = [self._compare(line) for line in lines]
        if any(differing) and self._opened < _MOST:
            self._opened += 1
            self._reopen(self.wallet.decided)
        elif isinstance(move, _Pass) and self.shared:
            self._reopen(came)

    def _reach(self, came: int) -> None:
        """Take what people reversed up to a ``seq``."""
        last = None
        while self._by_hand and self._by_hand[-1] < came:
            last = self._by_hand.pop()
        if last is not None:
            self._reopen(last)

    def _compare(self, line: Line) -> bool:
        """Note whether a line differs from the stored one."""
        seq, run, there = self.stored.get(line.id, (0, None, None))
        if there is not None:
            self.met.add(line.id)
            self.wallet.decided = max(self.wallet.decided, seq)
            if all(getattr(line, name) == getattr(there, name) for name in COMPARED):
                return False
        self.wrong.append(Verdict(there, line, run, seq or self.wallet.decided))
        return True

    def _reopen(self, upto: int) -> None:
        view = _upto(self.work, upto)
        books = Books(lambda: view, self.work.programme.brand.zone)
        desk = reopened(self.work.programme, self.key, books)
        desk.held.paid = self.desk.held.paid
        desk.answered = {**self.desk.answered, **desk.answered}
        self._adopt(desk)

    def _adopt(self, desk: Desk) -> None:
        desk.entitled, desk.purse.lots = self.said, self.wallet.lots
        self.desk = desk

    def left(self) -> Iterable[Verdict]:
        """Return the stored lines of claims that the desk never came to."""
        for seq, run, line in self.stored.values():
            if line.cause_kind != "line" and line.id not in self.met:
                yield Verdict(line, None, run, seq)
