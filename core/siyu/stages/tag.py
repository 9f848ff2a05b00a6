"""Tags: what taggers say of members now, and what changed since the last run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import cast_like
from siyu.kinds import Tagger
from siyu.tables import STATE, TABLES

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["tag"]

_KEY = ["member", "tagger", "tag"]


def tag(work: Work) -> None:
    """Ask every tagger; a tick asks those that need no other members, and takes the rest from the last run."""
    before = work.view.tags
    asked: list[Frame] = []
    for tagger in work.components(Tagger):
        with work.attributed(tagger):
            asked.append(work.keep(_given(work, tagger, before)))
        work.view = work.view.having(tags=_together(before, asked))
    if not asked:
        return
    tags = work.keep(_together(before, asked) if work.ticking else nw.concat(asked))
    work.view = work.view.having(tags=tags)
    if work.ticking:
        return
    work.state["tags"] = tags
    work.count("tags", tags)
    work.count("tag changes", work.stage("tag_changes", _changes(before, tags, work.run.now)))


def _given(work: Work, tagger: Tagger, before: Frame) -> Frame:
    """Return a tagger's tags in the form of the state; one that a member had already keeps its ``since``."""
    raw = cast_like(tagger.tags(work.view), {**STATE["tags"].columns})
    known = work.view.raw["members"].select("member")
    given = raw.join(known, on="member", how="semi").group_by("member", "tag")
    best = given.agg(nw.col("value", "score", "evidence", "expires").max()).with_columns(tagger=nw.lit(tagger.name))
    old = before.select(*_KEY, _since=nw.col("since"))
    dated = best.join(old, on=_KEY, how="left").with_columns(since=nw.col("_since").fill_null(work.run.now))
    return cast_like(dated, STATE["tags"].columns)


def _together(before: Frame, asked: list[Frame]) -> Frame:
    """Return the new tags, and those of the last run for taggers that were not asked yet."""
    new = nw.concat(asked)
    done = new.select("tagger").unique()
    rest = cast_like(before, STATE["tags"].columns).join(done, on="tagger", how="anti")
    return nw.concat([new, rest])


def _changes(before: Frame, now: Frame, moment: int) -> Frame:
    """Return what changed: a tag gained, lost, or with another value."""
    old = before.select(*_KEY, _value=nw.col("value"), _had=nw.lit(value=True))
    new = now.select(*_KEY, "value", reason=nw.col("evidence"), _has=nw.lit(value=True))
    gained = new.join(old, on=_KEY, how="left").filter(nw.col("_had").is_null())
    lost = old.join(new.select(*_KEY, "_has"), on=_KEY, how="left").filter(nw.col("_has").is_null())
    kept = new.join(old, on=_KEY)
    moved = kept.filter(nw.col("value").fill_null("") != nw.col("_value").fill_null(""))
    schema = TABLES["tag_changes"].columns
    parts = (
        (gained, "gained"),
        (moved, "changed"),
        (lost.with_columns(value=nw.col("_value"), reason=nw.lit("it is no longer given")), "lost"),
    )
    return nw.concat(
        [cast_like(part.with_columns(change=nw.lit(word), time=nw.lit(moment)), schema) for part, word in parts]
    )
