"""The columns that conditions read, beside those of members: tags, segments, and whether an event ever happened."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import cast_like
from siyu.tables import STATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from siyu.config.expressions import Condition
    from siyu.kinds import Frame
    from siyu.tables import Schema
    from siyu.view import View

__all__ = ["flag_tags", "needed", "profile"]

_REASON: Schema = dict.fromkeys(("tagger", "tag", "evidence"), nw.String())
"""Why members have the tags that are kept as bits."""


def needed(conditions: Iterable[Condition | None]) -> list[str]:
    """Return the columns that some conditions read, see ``Condition.needs``; None reads none."""
    return sorted({need for condition in conditions if condition for need in condition.needs})


def profile(view: View, needs: Sequence[str], *, narrow: bool = False) -> Frame:
    """Return ``view.members`` with the columns that conditions need: see ``Condition.needs``.

    Args:
        view: The view.
        needs: The columns.
        narrow: Whether columns of members that nobody needs may be left out.
    """
    tags, segments, did = (
        [need for need in needs if need.startswith(f"{kind}:")] for kind in ("tag", "segment", "did")
    )
    plain = {need for need in needs if ":" not in need or need.startswith("last:")} | {f"last:{d[4:]}" for d in did}
    # Every member has a row of features, so those who ask for nothing else need no more.
    enough = narrow and plain <= set(view.features.collect_schema().names())
    frame = _with_bits(view, view.features if enough else view.members, "flags", tags)
    for need in tags:
        frame = _with_tag(view, frame, need)
    frame = _with_bits(view, frame, "segments", segments)
    for need in segments:
        if not _holding(view, "segments", need):
            frame = _flagged(frame, view.segment(need.partition(":")[2]), need)
    days = [(~nw.col(f"last:{need.partition(':')[2]}").is_null()).alias(need) for need in did]
    return frame.with_columns(*days) if days else frame


def _holding(view: View, kind: str, need: str) -> list[nw.Expr]:
    return view.bits[kind].holding(need.partition(":")[2]) if kind in view.bits else []


def _with_bits(view: View, frame: Frame, kind: str, needs: Sequence[str]) -> Frame:
    """Add a column for each need that is kept as bits, all in one join."""
    found = {need: _holding(view, kind, need) for need in needs}
    flags = {need: reduce(or_, holding) for need, holding in found.items() if holding}
    if not flags:
        return frame
    joined = frame.join(view.bits[kind].frame.select("member", **flags), on="member", how="left")
    return joined.with_columns(nw.col(need).fill_null(value=False) for need in flags)


def _with_tag(view: View, frame: Frame, need: str) -> Frame:
    """Add a tag that is kept row by row, or that taggers of both sorts give."""
    name, flagged = need.partition(":")[2], bool(_holding(view, "flags", need))
    if flagged and not any(name in one.gives for one in view.taggers if one.name not in view.bits["flags"].names):
        return frame
    having = view.raw["tags"].filter(nw.col("tag") == name).select("member").unique()
    if not flagged:
        return _flagged(frame, having, need)
    both = _flagged(frame, having, "__tag")
    return both.with_columns((nw.col(need) | nw.col("__tag")).alias(need)).drop("__tag")


def _flagged(frame: Frame, having: Frame, name: str) -> Frame:
    flag = having.with_columns(nw.lit(value=True).alias(name))
    return frame.join(flag, on="member", how="left").with_columns(nw.col(name).fill_null(value=False))


def flag_tags(view: View, held: Frame) -> Frame:
    """Return the tags that are kept as bits in the form of the others.

    Args:
        view: The view, for the log of changes: a tag is as old as its last gain there, or as its first look.
        held: member, set (the tagger), name (the tag), since (when the tag was first looked at).
    """
    key = ["member", "tagger", "tag"]
    gained = view.resolve(view.raw["tag_changes"]).filter(nw.col("change") == "gained")
    newest = gained.group_by(*key).agg(nw.col("time").max().alias("gained"))
    known = [(one.name, tag, why) for one in view.taggers for tag, why in one.evidence.items()]
    columns = {name: [row[number] for row in known] for number, name in enumerate(_REASON)}
    named = held.rename({"set": "tagger", "name": "tag"}).join(newest, on=key, how="left")
    found = named.join(view.table(columns, _REASON), on=key[1:], how="left")
    return cast_like(found.with_columns(nw.coalesce("gained", "since").alias("since")), STATE["tags"].columns)
