"""Advice on where members come from, and on those who are worth most."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from siyu.advice.subject import Found, Subject
from siyu.config._typing import called
from siyu.config._walk import Named, parts
from siyu.config.expressions import Condition
from siyu.kinds import Campaign, Entry, Tagger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siyu.config.segments import Segment

__all__ = ["single_entry", "unserved_segment"]

_MORE = {ast.Gt, ast.GtE}
_LESS = {ast.Lt, ast.LtE}


def single_entry(subject: Subject) -> Iterator[Found]:
    """Threshold: one entry that brings members, as soon as there is a campaign.

    Who can reach an audience by one platform only loses all of it with the account there. An entry that states
    ``brings_members = False`` adds to what is known of members, and is not counted.
    """
    apart = {path[1] for path, brings in subject.stating("brings_members") if not brings}
    bringing = [entry.name for entry in subject.programme.of(Entry) if entry.name not in apart]
    if len(bringing) == 1 and subject.programme.of(Campaign):
        message = "this entry alone brings members: what happens to it happens to the whole audience"
        hint = "add a second entry, such as the shop's till, a mini program, an account, a group"
        yield Found(("entry", bringing[0]), message, hint, on="key")


def unserved_segment(subject: Subject) -> Iterator[Found]:
    """Threshold: a segment that asks for at least an amount of money, or a tag that does, and nothing is done for it.

    Something is done where a campaign, an incentive or a content item names the segment, another segment that is made
    of it and is itself served, or the same condition. A small part of the members brings most of the turnover, and it
    is they who are lost when nobody thinks of them.
    """
    programme = subject.programme
    tags = _valuable_tags(subject)
    valuable: set[str] = set()
    # Segments come after those that they name.
    for name, segment in programme.segments.items():
        if segment.when is not None and _wants(segment.when.tree, subject, tags, valuable):
            valuable.add(name)
    for name in sorted(valuable - _served(subject)):
        message = "nothing is done for these members, who are worth most: no campaign, incentive or content names them"
        yield Found(("segment", name), message, f"start with what they get first, as in to = \"segment('{name}')\"")


def _valuable_tags(subject: Subject) -> set[str]:
    found = {tag for _, tags in subject.stating("valuable_tags") for tag in tags}
    # Taggers come after those whose tags their conditions name.
    for tagger in subject.programme.of(Tagger):
        for path, part in parts(tagger):
            if isinstance(part, Condition) and path[-1] in tagger.gives and _wants(part.tree, subject, found, set()):
                found.add(str(path[-1]))
    return found


def _wants(tree: ast.expr, subject: Subject, tags: set[str], segments: set[str]) -> bool:
    """Whether a condition asks for at least an amount; what is negated does not."""
    match tree:
        case ast.BoolOp(values=values):
            return any(_wants(value, subject, tags, segments) for value in values)
        case ast.Call():
            function, argument = called(tree)
            return argument in {"tag": tags, "segment": segments}.get(function, set())
        case ast.Compare(left=left, ops=operators, comparators=rights):
            steps = zip([left, *rights], operators, rights, strict=False)
            return any(
                (type(operator) in _MORE and _money(first, subject))
                or (type(operator) in _LESS and _money(second, subject))
                for first, operator, second in steps
            )
    return False


def _money(tree: ast.expr, subject: Subject) -> bool:
    columns = subject.programme.names.columns
    return any(isinstance(node, ast.Name) and columns.get(node.id) == "money" for node in ast.walk(tree))


def _served(subject: Subject) -> set[str]:
    programme = subject.programme
    named, conditions = set(), []
    for kind in ("campaign", "incentive", "content"):
        for component in programme.components[kind]:
            for _, part in parts(component):
                if isinstance(part, Condition):
                    conditions.append(part)
                elif isinstance(part, Named) and part.kind == "segment":
                    named.add(part.name)
    texts = {condition.text for condition in conditions}
    served = named | {name for condition in conditions for name in _segments(condition)}
    served |= {name for name, segment in programme.segments.items() if segment.text in texts}
    for name, segment in reversed(list(programme.segments.items())):
        if name in served:
            served |= _segments(segment)
    return served


def _segments(condition: Condition | Segment) -> set[str]:
    return {need.removeprefix("segment:") for need in condition.needs if need.startswith("segment:")}
