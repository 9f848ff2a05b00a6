"""Who is in which segment: all segments in one pass over the members, each one computed once."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu.arms import arm_expr
from siyu.bits import stored
from siyu.frames import latest, total
from siyu.profiles import profile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.config.segments import Segment
    from siyu.kinds import Frame
    from siyu.stores.session import Session
    from siyu.view import View

__all__ = ["SIZES", "Overlap", "Segments", "Size", "inside", "overview", "segmented"]

SIZES = "siyu:segments"
"""The metric that the sizes of segments are kept as, and how many joined and left them; no metric of a brand's own
can have this name."""


def segmented(view: View, segments: Mapping[str, Segment]) -> Frame:
    """Return member and one Boolean column ``segment:NAME`` for each segment.

    Args:
        view: The view; segments that are named and not among these are looked up in it.
        segments: The segments by name, each after those among them that its condition names.
    """
    own = [f"segment:{name}" for name in segments]
    needs = {need for one in segments.values() for need in one.needs}
    frame = profile(view, sorted(needs.difference(own)), narrow=True)
    for name, one in segments.items():
        if one.listed:
            frame = _listed(view, frame, name, one)
    for level in _levels(segments):
        frame = frame.with_columns(**{f"segment:{name}": _inside(view, name, segments[name]) for name in level})
    return frame.select("member", *own)


def inside(view: View, name: str, segments: Mapping[str, Segment]) -> Frame:
    """Return the members of a segment: member; evaluated here where no stage did so before."""
    known = view.bits["segments"].holding(name) if "segments" in view.bits else []
    if known:
        return view.bits["segments"].frame.filter(known[0]).select("member")
    return segmented(view, {name: segments[name]}).filter(nw.col(f"segment:{name}")).select("member")


def _levels(segments: Mapping[str, Segment]) -> list[list[str]]:
    """Return the segments in as few steps as there are: each after those that it names."""
    level: dict[str, int] = {}
    for name, one in segments.items():
        named = [need.partition(":")[2] for need in one.needs if need.startswith("segment:")]
        level[name] = max((level[other] + 1 for other in named if other in level), default=0)
    steps = range(max(level.values(), default=-1) + 1)
    return [[name for name, step in level.items() if step == one] for one in steps]


def _inside(view: View, name: str, segment: Segment) -> nw.Expr:
    found = nw.lit(value=True) if segment.when is None else view.compile(segment.when)
    if segment.listed:
        found &= nw.col(f"list:{name}")
    if segment.sample is not None:
        found &= arm_expr("member", f"segment:{name}") < segment.sample.basis_points
    return found


def _listed(view: View, frame: Frame, name: str, segment: Segment) -> Frame:
    """Add whether a member is on the segment's list, under any id of theirs."""
    texts = view.table({"identity": segment.ids}, {"identity": nw.String()})
    members = view.identified(texts, "identity", "member").select("member").unique()
    flag = members.with_columns(nw.lit(value=True).alias(f"list:{name}"))
    return frame.join(flag, on="member", how="left").with_columns(nw.col(f"list:{name}").fill_null(value=False))


@frozen
class Size:
    """How large a segment is.

    Attributes:
        name: The segment.
        size: How many members were in it at the last run.
        joined: How many of them were not in it at the run before; None at its first.
        left: How many were in it then and are not now; None at its first.
        text: Who is meant.
    """

    name: str
    size: int
    joined: int | None
    left: int | None
    text: str


@frozen
class Overlap:
    """Two segments that share members: how many, and what share of the smaller one that is."""

    first: str
    second: str
    both: int
    share: float


@frozen
class Segments:
    """The segments as the last run left them, and which of them share members."""

    sizes: list[Size]
    overlaps: list[Overlap]


def overview(session: Session, segments: Mapping[str, Segment]) -> Segments:
    """Return the sizes of segments and their overlaps, of the state that the last run left."""
    bits = stored(session, "segments")
    known = {name: holding[0] for name in segments if (holding := bits.holding(name))}
    pairs = list(combinations(known, 2))
    asked = [*known.values(), *(known[one] & known[other] for one, other in pairs)]
    ones = [total(nw.when(one).then(1).otherwise(0)).alias(str(number)) for number, one in enumerate(asked)]
    numbers = iter(session.engine.rows(bits.frame.select(*ones))[0] if ones else ())
    sizes = {name: next(numbers) for name in known}
    moved = _moved(session)
    overlaps = [_overlap(one, other, next(numbers), sizes) for one, other in pairs]
    listed = [
        Size(name, size, moved.get((name, "joined")), moved.get((name, "left")), segments[name].text)
        for name, size in sizes.items()
    ]
    shared = sorted((one for one in overlaps if one.both), key=lambda one: (-one.share, one.first, one.second))
    return Segments(listed, shared)


def _overlap(first: str, second: str, both: int, sizes: Mapping[str, int]) -> Overlap:
    smaller = min(sizes[first], sizes[second])
    return Overlap(first, second, both, both / smaller if smaller else 0.0)


def _moved(session: Session) -> dict[tuple[str, str], int]:
    """Return how many joined and left segments in the last run, by name and by ``joined`` or ``left``."""
    own = session.table("measures").filter(nw.col("metric") == SIZES, nw.col("key") != "size")
    newest = latest(own, ["slice", "key"], ["seq"]).select("slice", "key", "n")
    return {(name, key): number for name, key, number in session.engine.rows(newest)}
