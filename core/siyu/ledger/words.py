"""What caused a line of a ledger, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu.config.units import Money
from siyu.events import EventType
from siyu.moments import written

if TYPE_CHECKING:
    from collections.abc import Collection

    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["Causes", "causes"]

_EVENT = ["id", "type", "ref", "subject", "amount", "second"]
_LINE = ["id", "kind", "amount", "time"]
_LATER = {"released": "it was not paid in time", "expired": "what was left of the lot expired"}


@frozen
class Causes:
    """What lines name as their causes, looked up.

    Attributes:
        events: The events, by id: type, ref, subject, amount, second.
        lines: The lines, by id: kind, amount, time.
        types: The registered types of events.
        zone: The zone to write moments in.
        exponent: How many decimals the currency has.
    """

    events: Mapping[str, tuple[str, str, str, int | None, int]]
    lines: Mapping[str, tuple[str, int, int]]
    types: Mapping[str, EventType]
    zone: str
    exponent: int

    def words(self, kind: str, cause_kind: str, cause: str, request: str, reason: str) -> str:
        """Return why a line was written."""
        said = _LATER.get(kind) or self._cause(cause_kind, cause, request)
        return f"{said}: {reason}" if reason else said

    def _cause(self, cause_kind: str, cause: str, request: str) -> str:
        if cause_kind == "line" and cause in self.lines:
            kind, amount, time = self.lines[cause]
            return f"takes back '{kind}' {amount:+} of {written(time, self.zone)}"
        if cause_kind == "claim" and request:
            return f"the claim {request}"
        if cause in self.events:
            about = self._event(*self.events[cause])
            return about if cause_kind == "event" else f"{cause_kind}: {about}"
        return f"{cause_kind} {cause}"

    def _event(self, name: str, ref: str, subject: str, amount: int | None, second: int) -> str:
        parts = [name, ref or subject]
        if amount is not None:
            money = name in self.types and self.types[name].money
            parts.append(f"of {Money(amount, self.exponent) if money else amount}")
        return " ".join(part for part in [*parts, f"on {written(second, self.zone)}"] if part)


def causes(view: View, named: Collection[str], types: Mapping[str, EventType], zone: str, exponent: int) -> Causes:
    """Look up what lines name as their causes: ids of events and of lines, as text."""
    ids = view.table({"id": [int(one) for one in sorted(named) if one.isdigit()]}, {"id": nw.Int64()})
    events = {str(row[0]): row[1:] for row in view.rows(_those(view.events, ids, _EVENT))}
    lines = {str(row[0]): row[1:] for row in view.rows(_those(view.grants, ids, _LINE))}
    return Causes(events, lines, types, zone, exponent)


def _those(rows: Frame, ids: Frame, columns: list[str]) -> Frame:
    return rows.join(ids, on="id", how="semi").select(*columns)
