"""What an audit found: where a ledger is not what the log says, and what could not be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["DEBTS", "JOINED", "LATER", "NEXT", "OTHER_RULES", "Audit", "Finding", "Findings"]

OTHER_RULES = "decided by other rules than today's"
JOINED = "of members who were joined or parted since"
DEBTS = "taken back by refunds of members whose lots expired or paid debts"
NEXT = "that the next run writes, as they rest on lines of the last one"
LATER = "right by what was known then, and not by what came since"
"""Why lines cannot be compared."""

_MOST = 1000


@frozen(kw_only=True)
class Finding:
    """One place where a ledger differs.

    Attributes:
        check: Which check found it: ``facts``, ``claims``, ``causes``, ``lots``, ``bounds`` or ``closings``.
        incentive: Whose ledger it is in.
        member: Whose line it is; None where it is of no one member.
        what: What the line is of: its kind, item and cause.
        stored: The sum that the ledger has; None where there is none to compare.
        expected: The sum that it should have.
        words: What is wrong, for a person.
    """

    check: str
    incentive: str
    member: int | None
    what: str
    stored: int | None
    expected: int | None
    words: str


@frozen(kw_only=True)
class Audit:
    """What an audit came to.

    Attributes:
        checked: What was compared, by name: ``lines``, ``balances``, ``claims``, ``closed months`` …
        findings: Where something differs, at most a thousand.
        differing: How many places differ in all.
        notes: How many lines could not be compared, by the reason; they are no fault.
    """

    checked: dict[str, int]
    findings: list[Finding]
    differing: int
    notes: dict[str, int]


@define
class Findings:
    """An audit in the making."""

    checked: dict[str, int] = field(factory=dict)
    found: list[Finding] = field(factory=list)
    differing: int = 0
    notes: dict[str, int] = field(factory=dict)

    def add(self, check: str, words: str, rows: Iterable[Sequence[Any]]) -> None:
        """Add findings of one sort: rows of incentive, member, what, stored, expected."""
        for incentive, member, what, stored, expected in rows:
            self.differing += 1
            if len(self.found) < _MOST:
                one = {"incentive": incentive, "member": member, "what": what, "stored": stored, "expected": expected}
                self.found.append(Finding(check=check, words=words, **one))

    def note(self, words: str, number: int) -> None:
        """Note how many lines could not be compared, and why."""
        if number:
            self.notes[words] = self.notes.get(words, 0) + number

    def done(self) -> Audit:
        """Return what it came to."""
        return Audit(
            checked=self.checked, findings=self.found, differing=self.differing, notes=dict(sorted(self.notes.items()))
        )
