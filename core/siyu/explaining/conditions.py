"""The conditions that a touch had to meet, as the config said them then, and the values that they were judged by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import narwhals as nw
from attrs import frozen

from siyu.config.expressions import Condition, ExpressionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siyu.config.programme import Programme
    from siyu.view import View

__all__ = ["Judged", "Tree", "judged", "written"]

Tree = Mapping[str, Any]
"""A table of a config, as ``configs`` keeps it."""

_KEYS = ("to", "when")


@frozen
class Judged:
    """One condition.

    Attributes:
        where: The key of the config that it is of.
        text: The condition.
        holds: Whether it held of the member; None where that cannot be told any more.
        values: What it reads of the member, with what was known then; None where nothing was, or where the config
            means something else by the name today.
    """

    where: str
    text: str
    holds: bool | None
    values: Mapping[str, Any]


def written(tree: Tree, campaign: str, step: str, content: str) -> dict[str, str]:
    """Return the conditions of a campaign's step and of its content, by where they stand; segments' own after them."""
    table = tree.get("campaign", {}).get(campaign, {})
    found = dict(_within(table, step, f"campaign.{campaign}"))
    for source, one in tree.get("content", {}).items():
        item = one.get("items", {}).get(content, {})
        found |= dict(_within(item, step, f"content.{source}.items.{content}"))
    return found


def judged(view: View, programme: Programme, tree: Tree, texts: Mapping[str, str], member: int) -> list[Judged]:
    """Judge conditions of a member, and those of the segments that they name.

    Args:
        view: What was known then.
        programme: The config of today, by which it is judged where it means the same.
        tree: The config of then.
        texts: The conditions by where they stand.
        member: The member.
    """
    todo, done = dict(texts), {}
    while todo:
        where = next(iter(todo))
        text = todo.pop(where)
        done[where] = found = _judged(view, programme, tree, (where, text), member)
        for need in found.values:
            kind, _, name = need.partition(":")
            if kind == "segment" and f"segment.{name}" not in done:
                todo |= {f"segment.{name}": _segment(tree, name)} if _segment(tree, name) else {}
    return list(done.values())


def _within(table: Tree, step: str, path: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if key in _KEYS and isinstance(value, str):
            yield f"{path}.{key}", value
        elif key == "start" and isinstance(value, Mapping) and "segment" in value:
            yield f"{path}.{key}", f"segment('{value['segment']}')"
        elif isinstance(value, list):
            for one in value:
                if isinstance(one, Mapping) and one.get("id") == step:
                    yield from _within(one, step, f"{path}.{key}.{step}")


def _segment(tree: Tree, name: str) -> str:
    table = tree.get("segment", {}).get(name, "")
    return table if isinstance(table, str) else str(table.get("when", ""))


def _judged(view: View, programme: Programme, tree: Tree, said: tuple[str, str], member: int) -> Judged:
    where, text = said
    try:
        condition = Condition.parse(text, programme.brand.exponent)
    except ExpressionError:
        return Judged(where, text, None, {})
    today = json.loads(programme.canonical)
    if condition.check(programme.names) or not all(_same(today, tree, need) for need in condition.needs):
        return Judged(where, text, None, dict.fromkeys(sorted(condition.needs)))
    needs = sorted(condition.needs)
    rows = view.rows(view.profile(condition).filter(nw.col("member") == member).select(*needs))
    inside = view.rows(view.matching(condition).filter(nw.col("member") == member))
    values = dict(zip(needs, rows[0], strict=True)) if rows else dict.fromkeys(needs)
    return Judged(where, text, bool(inside), values)


def _same(today: Tree, tree: Tree, need: str) -> bool:
    """Return whether the config of today means the same by a name as the one of then."""
    kind, _, name = need.rpartition(":")
    table = {"": "feature", "segment": "segment"}.get(kind)
    return table is None or today.get(table, {}).get(name) == tree.get(table, {}).get(name)
