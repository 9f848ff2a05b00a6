"""How rules are asked: those that look at each touch alone together, the others one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import cast_like

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu.gate.rule import Desk, Rule
    from siyu.kinds import Frame
    from siyu.tables import Schema

__all__ = ["Asked", "by_each", "by_one"]

_FOUND: Schema = {"id": nw.Int64(), "state": nw.String(), "reason": nw.String(), "_place": nw.Int64()}
_VERDICT: Schema = {"id": nw.Int64(), "state": nw.String(), "reason": nw.String(), "rule": nw.String()}

Asked = tuple["dict[str, int]", "list[Frame]"]
"""How many touches each rule stopped, and the verdicts: kept frames of id, state, reason, rule."""


def by_each(desk: Desk, rules: Sequence[Rule], touches: Frame) -> Asked:
    """Ask rules that look at each touch alone; of several that stop one, the first in their order counts.

    One statement asks them all, which is far cheaper than to write down what still stands after each: of few touches
    as of millions.
    """
    found = [_numbered(rule, place, desk, touches) for place, rule in enumerate(rules)]
    given = [frame for frame in found if frame is not None]
    if not given:
        return {}, []
    kept = desk.view.keep(nw.concat(given))
    numbers = _numbers(desk, kept)
    if len(numbers) > 1:
        first = kept.group_by("id").agg(nw.col("_place").min())
        kept = desk.view.keep(kept.join(first, on=["id", "_place"], how="semi"))
        numbers = _numbers(desk, kept)
    parts = [
        kept.filter(nw.col("_place") == place).select("id", "state", "reason", rule=nw.lit(rules[place].name))
        for place in sorted(numbers)
    ]
    return {rules[place].name: number for place, number in sorted(numbers.items())}, parts


def by_one(desk: Desk, rule: Rule, standing: Frame) -> Asked:
    """Ask a rule that looks at touches together about those that stand: it may name other rules than itself."""
    found = rule.judge(desk, standing)
    if found is None:
        return {}, []
    named = found if "rule" in found.collect_schema() else found.with_columns(rule=nw.lit(rule.name))
    kept = desk.view.keep(cast_like(named, _VERDICT))
    numbers = dict(desk.view.rows(kept.group_by("rule").agg(number=nw.len()).select("rule", "number")))
    return numbers, [kept] if numbers else []


def _numbered(rule: Rule, place: int, desk: Desk, touches: Frame) -> Frame | None:
    found = rule.judge(desk, touches)
    return None if found is None else cast_like(found.with_columns(_place=nw.lit(place, nw.Int64)), _FOUND)


def _numbers(desk: Desk, kept: Frame) -> dict[int, int]:
    return dict(desk.view.rows(kept.group_by("_place").agg(number=nw.len()).select("_place", "number")))
