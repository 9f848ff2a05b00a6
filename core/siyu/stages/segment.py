"""Segments: who is in each, all told in one pass over the members, and how they changed since the last run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import evolve

from siyu.bits import Bits, packed, stored
from siyu.folds import fold_of
from siyu.frames import latest, total
from siyu.joining import anybody_parted
from siyu.segments import SIZES, segmented
from siyu.steady import Told, brought, steady, stirred
from siyu.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    told = _told(work, before)
    if not work.ticking:
        frame = work.renew("segments", told.bits.frame, told.rows, told.gone)
        told = evolve(told, bits=evolve(told.bits, frame=frame))
        work.folded["segments"] = told.bits.definitions()
        work.results["sizes"] = work.keep(_sizes(work, told, before))
    work.view = work.view.having(bits={"segments": told.bits})


def _told(work: Work, before: Bits) -> Told:
    """Return the segments as bits; those that only members' own facts and tags decide are told of those who moved."""
    segments, moved = work.programme.segments, work.moved
    lasting = _lasting(work)
    if moved is None or not lasting:
        looked = before.names.get(SEGMENT, {})
        frame = work.keep(packed(segmented(work.view, segments), SEGMENT, list(segments), "segment:"))
        return Told(Bits(frame, {SEGMENT: {name: looked.get(name, work.run.now) for name in segments}}))
    retagged = [part.select("member") for part in work.staged.get("tag_changes", ())]
    moved = moved.and_also(work, nw.concat(retagged)) if retagged else moved
    others = [f"segment:{name}" for name in segments if name not in lasting]
    rest = segmented(work.view, segments).select("member", *others) if others else moved.members
    changed = stirred(work, before, SEGMENT, moved.gone, rest, "segment:")
    fresh = segmented(moved.among(work.view), segments)
    return brought(work, before, SEGMENT, fresh, moved.gone, changed, "segment:")


def _lasting(work: Work) -> set[str]:
    """Return the segments that change of a member only where their own facts or their tags do."""
    known = {need for one in work.programme.segments.values() for need in one.needs if need.startswith("tag:")}
    for name, one in work.programme.segments.items():
        if one.when is None or steady(work.programme, one.when, known):
            known.add(f"segment:{name}")
    return {name for name in work.programme.segments if f"segment:{name}" in known}


def _sizes(work: Work, told: Told, before: Bits) -> Frame:
    """Return the numbers of the segments as those of a metric: their sizes, and who joined and left since."""
    engine, now = work.session.engine, told.bits
    if told.rows is not None and told.gone is not None:
        now = evolve(now, frame=told.rows)
        before = evolve(before, frame=work.keep(before.frame.join(told.gone, on="member", how="semi")))
    moved = now.changes(before, engine).group_by("place").agg(
        joined=total(nw.when(nw.col("now")).then(1).otherwise(0)),
        left=total(nw.when(nw.col("now")).then(0).otherwise(1)),
    )  # fmt: skip
    places, rows_moved = now.places, engine.rows(moved.select("place", "joined", "left"))
    changes = {places[place][1]: (joined, left) for place, joined, left in rows_moved}
    looked = before.names.get(SEGMENT, {}) if _later(work) else {}
    sizes = now.sizes(engine) if told.rows is None else _moved_on(work, told, before, changes)
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


def _moved_on(
    work: Work, told: Told, before: Bits, changes: Mapping[str, tuple[int, int]]
) -> dict[tuple[str, str], int]:
    """Return the sizes of the last run's segments with those who joined and left since, and without who is no more."""
    own = work.view.measures.filter(nw.col("metric") == SIZES, nw.col("key") == "size")
    known = dict(work.session.engine.rows(latest(own, ["slice"], ["seq"]).select("slice", "n")))
    lost = _lost(work, told, before)
    places = {name: changes.get(name, (0, 0)) for name in told.bits.names[SEGMENT]}
    return {
        (SEGMENT, name): known[name] + joined - left - lost.get((SEGMENT, name), 0)
        for name, (joined, left) in places.items()
    }


def _lost(work: Work, told: Told, before: Bits) -> dict[tuple[str, str], int]:
    """Return the sizes of the last run's segments, of those alone who are no members any more."""
    if told.rows is None or not anybody_parted(work):
        return {}
    out = before.frame.join(told.rows, on="member", how="anti")
    return evolve(before, frame=out).sizes(work.session.engine)


def _later(work: Work) -> bool:
    """Return whether this run's moment is after the last one's: nobody joins or leaves at a moment that was."""
    fold = fold_of(work.session, "segments")
    return fold is not None and fold.now < work.run.now
