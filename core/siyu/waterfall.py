"""What a pass let through: all that was proposed, less what each rule of the gate stopped, is what is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.gate import ORDER

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["GATED", "by_campaign", "waterfall"]

GATED = ["campaign", "rule", "waited", "touches"]
"""What ``Outcome.gated`` tells: how many touches of a campaign a rule stopped (none: they passed), new ones and those
that waited since an earlier pass apart."""

_Gated = tuple[str, str, bool, int]


def waterfall(gated: Iterable[_Gated]) -> list[tuple[str, int]]:
    """Return the steps from what was proposed to what is sent: all that comes in, less all that is stopped, is sent.

    What waited since earlier is judged again, and so comes in on top.
    """
    rows = list(gated)
    waited = sum(number for *_, before, number in rows if before)
    steps = [("proposed", sum(number for *_, number in rows) - waited)]
    steps += [("+ held before", waited)] if waited else []
    stopped: dict[str, int] = {}
    for _, rule, _, number in rows:
        stopped[rule] = stopped.get(rule, 0) + number
    passed = stopped.pop("", 0)
    named = sorted(stopped, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))
    return [*steps, *((f"- {name}", stopped[name]) for name in named), ("= to send", passed)]


def by_campaign(gated: Iterable[_Gated]) -> tuple[list[str], list[list[str | int]]]:
    """Return the waterfall of each campaign: the names of the columns, and a row for each."""
    rows = list(gated)
    steps = [name for name, _ in waterfall(rows)]
    found: list[list[str | int]] = []
    for campaign in sorted({name for name, *_ in rows}):
        own = dict(waterfall(row for row in rows if row[0] == campaign))
        found.append([campaign, *(own.get(step, 0) for step in steps)])
    return ["campaign", *steps], found
