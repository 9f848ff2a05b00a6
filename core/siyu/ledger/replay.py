"""Claims, decided anew one by one in the order of the log, and compared with the lines that answered them.

Before each claim the desk stands as the ledger says it stood: so one wrong line is found where it is, and does not
make all that follow it look wrong. Where a line differs, the desk is opened anew over the lines so far.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import define, evolve, field

from siyu.claims.desk import Claim, Desk, Line, Payment
from siyu.claims.earned import LINE
from siyu.claims.writer import pending
from siyu.ledger.findings import JOINED, OTHER_RULES
from siyu.ledger.said import Said
from siyu.work import Work

if TYPE_CHECKING:
    from collections.abc import Iterable

    from siyu.ledger.findings import Findings
    from siyu.ledger.past import Past

__all__ = ["replay"]

_BY_CLAIMS = ["granted", "reserved", "confirmed", "released", "waiting", "transferred", "redeemed", "restored"]
_COMPARED = ("member", "incentive", "item", "lot", "kind", "amount", "time", "expires")
_MOST = 200
_NUMBERS = {"number": nw.Int64(), "member": nw.Int64()}


def replay(work: Work, key: str, past: Past, found: Findings) -> None:
    """Decide all claims anew, and compare."""
    said = Said()
    desk = Desk.build(work.programme, key, work.view.window, said, ())
    said.of(desk.offers.values())
    if not desk.offers:
        return
    moves, came = pending(work.view, desk), _came(work)
    replayed = _Replay(work, key, said, desk, _stored(work, desk))
    for number, move in enumerate(moves):
        if replayed.waits(move, came[move.event]):
            found.note("claims that wait for the next run", sum(isinstance(one, Claim) for one in moves[number:]))
            break
        replayed.reach(came[move.event])
        replayed.take(move)
    found.checked["claims"] = sum(isinstance(one, Claim) for one in moves)
    _tell(work, past, replayed, found)


def _stored(work: Work, desk: Desk) -> dict[int, tuple[int, int, Line]]:
    """Return seq, run and line of all lines of what may be claimed, by their ids, as they were written."""
    names = sorted({incentive for incentive, _ in desk.offers})
    lines = work.view.raw["grants"].filter(nw.col("incentive").is_in(names)).sort("seq").select(*LINE, "seq", "run")
    return {row[0]: (row[-2], row[-1], Line(*row[:-2])) for row in work.session.engine.rows(lines)}


def _came(work: Work) -> dict[int, int]:
    """Return when claims and payments came into the log: their ``seq``, by event."""
    events = work.view.raw["events"].filter(nw.col("type").is_in(["claimed", "paid"]))
    return dict(work.session.engine.rows(events.select("id", "seq")))


@define
class _Replay:
    """What the desk makes of the claims, beside what the ledger has.

    Attributes:
        stored: seq, run and line, by the line's id.
        met: The lines that the desk came to as well.
        wrong: Where the two differ: the stored line and the one of the desk, either of them None; its run and ``seq``.
        upto: The last ``seq`` of the lines that were met.
    """

    work: Work
    key: str
    said: Said
    desk: Desk
    stored: dict[int, tuple[int, int, Line]]
    met: set[int] = field(factory=set)
    wrong: list[tuple[Line | None, Line | None, int | None, int]] = field(factory=list)
    upto: int = 0
    _answers: dict[str, Line] = field(factory=dict)
    _by_hand: list[int] = field(factory=list)
    _settled: int = 0
    _reopened: int = 0

    def __attrs_post_init__(self) -> None:
        """Find the answer of each claim, and up to where claims were decided."""
        claims = [line for _, _, line in self.stored.values() if line.cause_kind == "claim"]
        self._answers = {line.cause: line for line in reversed(claims)}
        self._by_hand = [seq for seq, _, line in reversed(self.stored.values()) if line.cause_kind == "line"]
        raw, engine = self.work.view.raw, self.work.session.engine
        passes = raw["runs"].filter(nw.col("kind").is_in(["run", "tick"])).select(nw.col("seq").max())
        self._settled = max(engine.rows(passes)[0][0] or 0, *(seq for seq, _, _ in self.stored.values()), 0)

    def waits(self, move: Claim | Payment, came: int) -> bool:
        """Whether nobody has looked at a claim yet."""
        return isinstance(move, Claim) and str(move.event) not in self._answers and came > self._settled

    def reach(self, came: int) -> None:
        """Take what people reversed up to a ``seq``."""
        while self._by_hand and self._by_hand[-1] < came:
            self.upto = self._by_hand.pop()
            if not (self._by_hand and self._by_hand[-1] < came):
                self._reopen()

    def take(self, move: Claim | Payment) -> None:
        """Decide a claim, or take a payment, and compare the lines that come of it."""
        if isinstance(move, Claim):
            self.said.line = self._answers.get(str(move.event))
            # By whom it was asked is as the answer has it: ids may have been joined since.
            move = move if self.said.line is None else evolve(move, member=self.said.line.member)
        differing = [self._compare(line) for line in self.desk.decide([move])]
        if any(differing) and self._reopened < _MOST:
            self._reopened += 1
            self._reopen()

    def _compare(self, line: Line) -> bool:
        """Note whether a line differs from the stored one."""
        seq, run, there = self.stored.get(line.id, (0, None, None))
        if there is not None:
            self.met.add(line.id)
            self.upto = max(self.upto, seq)
            if all(getattr(line, name) == getattr(there, name) for name in _COMPARED):
                return False
        self.wrong.append((there, line, run, seq or self.upto))
        return True

    def _reopen(self) -> None:
        lines = (line for seq, _, line in self.stored.values() if seq <= self.upto)
        desk = Desk.build(self.work.programme, self.key, self.work.view.window, self.said, lines)
        desk.paid = self.desk.paid
        desk.answered = {**self.desk.answered, **desk.answered}
        self.desk = desk

    def left(self) -> Iterable[tuple[Line, None, int, int]]:
        """Return the stored lines of claims that the desk never came to."""
        for seq, run, line in self.stored.values():
            claimed = line.kind in _BY_CLAIMS or (line.kind == "refused" and line.cause_kind == "claim")
            if claimed and line.id not in self.met:
                yield line, None, run, seq


def _tell(work: Work, past: Past, replayed: _Replay, found: Findings) -> None:
    wrong = [*replayed.wrong, *replayed.left()]
    alike = set(work.session.engine.rows(past.alike)) if wrong else set()
    joined = _joined(work, past, {line.member for pair in wrong for line in pair[:2] if line is not None})
    for there, line, run, seq in wrong:
        one = there or line
        if one is None:
            continue
        if there is not None and (there.incentive, run) not in alike:
            found.note(OTHER_RULES, 1)
        elif joined.get(one.member, 0) > seq:
            found.note(JOINED, 1)
        else:
            row = (one.incentive, one.member, _what(one), _amount(there), _amount(line))
            found.add("claims", _words(there, line), [row])


def _joined(work: Work, past: Past, members: set[int]) -> dict[int, int]:
    """Return when these members were last joined with others, by the number that the line has."""
    some = work.view.table({name: sorted(members) for name in ("number", "member")}, _NUMBERS)
    joined = work.view.resolve(some).join(past.joins, on="member")
    return dict(work.view.rows(joined.select("number", "since")))


def _what(line: Line) -> str:
    return f"{line.kind} of {line.item}, {line.cause_kind} {line.request or line.cause}"


def _amount(line: Line | None) -> int | None:
    return None if line is None else line.amount


def _words(there: Line | None, line: Line | None) -> str:
    if there is None:
        return "the line is missing"
    if line is None:
        return "no claim gives this line"
    names = [name for name in _COMPARED if getattr(there, name) != getattr(line, name)]
    told = ", ".join(f"{name} {getattr(there, name)} and not {getattr(line, name)}" for name in names)
    return f"the claims give another line: {told}"
