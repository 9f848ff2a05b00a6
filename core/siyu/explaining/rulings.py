"""What each rule of the gate said of a touch, in the order in which they are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from siyu.gate import ORDER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Ruling", "rulings"]


@frozen
class Ruling:
    """One rule of the gate.

    Attributes:
        rule: Its name, as in the waterfall of a plan.
        verdict: ``passed``, ``held``, ``suppressed``, ``expired``, or ``not asked`` where an earlier one ended it.
        since: Since when, where it stopped the touch.
        until: Until when, where it did so only for a while.
        reason: Why.
    """

    rule: str
    verdict: str
    since: int | None = None
    until: int | None = None
    reason: str = ""


def rulings(receipts: Sequence[Mapping[str, Any]]) -> list[Ruling]:
    """Return what the rules said, in their order; one that held the touch several times is told as often.

    Args:
        receipts: The receipts of the touch in their order. Those of the gate have a ``rule``, empty where it let the
            touch pass; where no receipt has any, as in a store of an earlier version, nothing is known.
    """
    judged = [(one, _next(receipts, place)) for place, one in enumerate(receipts) if one["rule"] is not None]
    if not judged:
        return []
    stops: dict[str, list[Ruling]] = {}
    for one, until in judged:
        if one["rule"]:
            said = Ruling(one["rule"], one["state"], one["time"], until, one["reason"])
            stops.setdefault(one["rule"], []).append(said)
    order = [*ORDER, *(name for name in stops if name not in ORDER)]
    reached = len(order) if any(not one["rule"] for one, _ in judged) else max(map(order.index, stops))
    found = []
    for place, name in enumerate(order):
        found += stops.get(name) or [Ruling(name, "passed" if place < reached else "not asked")]
    return found


def _next(receipts: Sequence[Mapping[str, Any]], place: int) -> int | None:
    """Return when the next receipt came."""
    return receipts[place + 1]["time"] if place + 1 < len(receipts) else None
