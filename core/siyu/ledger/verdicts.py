"""Where a claim's line is not what the desk makes of the claim, in words, or why it cannot be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu.claims.lines import Line
from siyu.ledger.findings import JOINED, OTHER_RULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu.ledger.findings import Findings
    from siyu.ledger.past import Past
    from siyu.work import Work

__all__ = ["COMPARED", "Verdict", "told"]

COMPARED = ("member", "incentive", "item", "lot", "kind", "amount", "time", "expires")
"""What of a line is compared; its reason is words alone."""

_NUMBERS = {"number": nw.Int64(), "member": nw.Int64()}


@frozen
class Verdict:
    """Two lines that should be one.

    Attributes:
        there: The stored line; None where it is missing.
        line: What the desk comes to; None where no claim gives it.
        run: The run that wrote the stored line.
        seq: Where it stands in the log, or should.
    """

    there: Line | None
    line: Line | None
    run: int | None
    seq: int


def told(work: Work, past: Past, wrong: Sequence[Verdict], found: Findings) -> None:
    """Tell what is wrong, and count what cannot be compared."""
    if not wrong:
        return
    alike = set(work.view.rows(past.alike))
    members = {line.member for one in wrong for line in (one.there, one.line) if line is not None}
    joined = _joined(work, past, members)
    for one in wrong:
        line = one.there or one.line
        if line is None:
            continue
        if one.there is not None and (line.incentive, one.run) not in alike:
            found.note(OTHER_RULES, 1)
        elif joined.get(line.member, 0) > one.seq:
            found.note(JOINED, 1)
        else:
            row = (line.incentive, line.member, _what(line), _amount(one.there), _amount(one.line))
            found.add("claims", _words(one.there, one.line), [row])


def _joined(work: Work, past: Past, members: set[int]) -> dict[int, int]:
    """Return when these members were last joined with others, by the number that the line has."""
    some = work.view.table({name: sorted(members) for name in _NUMBERS}, _NUMBERS)
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
    names = [name for name in COMPARED if getattr(there, name) != getattr(line, name)]
    differing = ", ".join(f"{name} {getattr(there, name)} and not {getattr(line, name)}" for name in names)
    return f"the claims give another line: {differing}"
