"""Who is in which segment: all segments in one pass over the members, each one computed once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.arms import arm_expr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.config.segments import Segment
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["segmented"]


def segmented(view: View, segments: Mapping[str, Segment]) -> Frame:
    """Return member and one Boolean column ``segment:NAME`` for each segment.

    Args:
        view: The view; segments that are named and not among these are looked up in it.
        segments: The segments by name, each after those among them that its condition names.
    """
    own = [f"segment:{name}" for name in segments]
    conditions = [one.when for one in segments.values()]
    frame = view.profile(*conditions, known=own)
    for name, one in segments.items():
        if one.listed:
            frame = _listed(view, frame, name, one)
    for level in _levels(segments):
        frame = frame.with_columns(**{f"segment:{name}": _inside(view, name, segments[name]) for name in level})
    return frame.select("member", *own)


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
