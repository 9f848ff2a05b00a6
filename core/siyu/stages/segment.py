"""Segments: who is in each, all told in one pass over the members, and how they changed since the last run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.bits import Bits, packed, stored
from siyu.folds import fold_of
from siyu.frames import total
from siyu.segments import SIZES, segmented
from siyu.steady import again, basis, brought, steady
from siyu.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["SEGMENT", "segment"]

SEGMENT = "segment"
"""The set of bits that segments are kept in."""


def segment(work: Work) -> None:
    """Tell who is in which segment; a segment that another one names is computed once."""
    segments = work.programme.segments
    if not segments:
        return
    before = stored(work.session, "segments")
    frame = work.keep(_told(work, before))
    looked = before.names.get(SEGMENT, {})
    now = Bits(frame, {SEGMENT: {name: looked.get(name, work.run.now) for name in segments}})
    work.view = work.view.having(bits={"segments": now})
    if not work.ticking:
        work.state["segments"], work.folded["segments"] = frame, {"": basis(work)} | now.definitions()
        work.results["sizes"] = work.keep(_sizes(work, now, before))


def _told(work: Work, before: Bits) -> Frame:
    """Return the segments as bits; those that only members' own facts and tags decide are told of those who moved."""
    segments, moved = work.programme.segments, again(work, "segments")
    lasting = _lasting(work)
    if moved is None or not lasting:
        return packed(segmented(work.view, segments), SEGMENT, list(segments), "segment:")
    retagged = [part.select("member") for part in work.staged.get("tag_changes", ())]
    moved = moved.and_also(work, nw.concat(retagged)) if retagged else moved
    rest = segmented(work.view, segments).select("member", *(f"segment:{name}" for name in segments.keys() - lasting))
    fresh = segmented(work.view.among(moved.members), segments)
    return brought(before, SEGMENT, fresh, moved.gone, rest, "segment:")


def _lasting(work: Work) -> set[str]:
    """Return the segments that change of a member only where their own facts or their tags do."""
    known = {need for one in work.programme.segments.values() for need in one.needs if need.startswith("tag:")}
    for name, one in work.programme.segments.items():
        if one.when is None or steady(work.programme, one.when, known):
            known.add(f"segment:{name}")
    return {name for name in work.programme.segments if f"segment:{name}" in known}


def _sizes(work: Work, now: Bits, before: Bits) -> Frame:
    """Return the numbers of the segments as those of a metric: their sizes, and who joined and left since."""
    engine = work.session.engine
    sizes = now.sizes(engine)
    moved = now.changes(before, engine).group_by("name").agg(
        joined=total(nw.when(nw.col("now")).then(1).otherwise(0)),
        left=total(nw.when(nw.col("now")).then(0).otherwise(1)),
    )  # fmt: skip
    changes = {name: (joined, left) for name, joined, left in engine.rows(moved.select("name", "joined", "left"))}
    looked = before.names.get(SEGMENT, {}) if _later(work) else {}
    rows = [(name, "size", size) for (_, name), size in sizes.items()]
    for name in now.names[SEGMENT].keys() & looked.keys():
        rows += [(name, key, number) for key, number in zip(("joined", "left"), changes.get(name, (0, 0)), strict=True)]
    columns: dict[str, Sequence[object]] = {
        "metric": [SIZES] * len(rows),
        "period": [""] * len(rows),
        "day": [work.view.today] * len(rows),
        "slice": [name for name, _, _ in rows],
        "key": [key for _, key, _ in rows],
        "value": [float(number) for _, _, number in rows],
        "n": [number for _, _, number in rows],
    }
    return engine.frame(columns, TABLES["measures"].columns)


def _later(work: Work) -> bool:
    """Return whether this run's moment is after the last one's: nobody joins or leaves at a moment that was."""
    fold = fold_of(work.session, "segments")
    return fold is not None and fold.now < work.run.now
