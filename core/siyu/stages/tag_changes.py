"""What changed of tags since the last run, and why; the first look at a tag is history, and no news of anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import cast_like
from siyu.kinds import Tagger
from siyu.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Collection

    from siyu.bits import Bits
    from siyu.kinds import Frame
    from siyu.tables import Schema
    from siyu.work import Work

__all__ = ["flag_changes", "row_changes", "transitions"]

_KEY = ["member", "tagger", "tag"]
_WORDS: Schema = {
    "place": nw.Int64(),
    "now": nw.Boolean(),
    **dict.fromkeys(("tagger", "tag", "change", "reason"), nw.String()),
}


def row_changes(work: Work, before: Frame, now: Frame, looked: Collection[str]) -> Frame:
    """Return what changed of the tags that are kept row by row: gained, lost, or with another value.

    Args:
        work: The pass.
        before: The tags of the last run.
        now: The tags of this one.
        looked: The taggers that were asked before.
    """
    old = before.select(*_KEY, _value=nw.col("value"), _expires=nw.col("expires"), _had=nw.lit(value=True))
    new = now.select(*_KEY, "value", reason=nw.col("evidence"), _has=nw.lit(value=True))
    gained = new.join(old, on=_KEY, how="left").filter(nw.col("_had").is_null())
    gained = gained.filter(nw.col("tagger").is_in([*looked, ""]))
    known = old.join(work.view.raw["members"].select("member"), on="member", how="semi")
    lost = known.join(new.select(*_KEY, "_has"), on=_KEY, how="left").filter(nw.col("_has").is_null())
    lost = lost.with_columns(value=nw.col("_value"), reason=_ending(work))
    kept = new.join(old, on=_KEY)
    moved = kept.filter(nw.col("value").fill_null("") != nw.col("_value").fill_null(""))
    words = {"gained": gained, "changed": moved, "lost": lost}
    return nw.concat([_dated(work, part.with_columns(change=nw.lit(word))) for word, part in words.items()])


def _ending(work: Work) -> nw.Expr:
    """Say why a tag of the last run is there no more."""
    names = [one.name for one in work.programme.of(Tagger)]
    expired = (nw.col("_expires") <= work.run.now).fill_null(value=False)
    gone = ~nw.col("tagger").is_in([*names, ""])
    return (
        nw.when(gone)
        .then(nw.lit("its tagger is not in the config any more"))
        .otherwise(nw.when(expired).then(nw.lit("it expired")).otherwise(nw.lit("it is no longer given")))
    )


def flag_changes(work: Work, before: Bits, now: Bits) -> Frame:
    """Return what changed of the tags that are kept as bits, with what says why, and ``nth``, which counts the rows.

    They are put in order before they get their words, of which each change has the same few.
    """
    moved = work.keep(now.changes(before, work.session.engine).sort("place", "now", "member"), "nth")
    found = moved.join(work.session.engine.frame(_words(work, now), _WORDS), on=["place", "now"])
    return found.with_columns(time=nw.lit(work.run.now))


def _words(work: Work, flags: Bits) -> dict[str, list[object]]:
    """Return what is said where a tag came, and where it went."""
    known = {(one.name, tag): why for one in work.programme.of(Tagger) for tag, why in one.evidence.items()}
    rows = []
    for place, name in enumerate(flags.places):
        why = known.get(name)
        rows += [(place, True, *name, "gained", why), (place, False, *name, "lost", f"it no longer holds: {why or ''}")]
    return {column: [row[number] for row in rows] for number, column in enumerate(_WORDS)}


def _dated(work: Work, changes: Frame) -> Frame:
    return cast_like(changes.with_columns(time=nw.lit(work.run.now)), TABLES["tag_changes"].columns)


def transitions(work: Work, changes: Frame) -> None:
    """Keep the changes of taggers that ask for it as events, for the later stages and for the next run."""
    for tagger in work.programme.of(Tagger):
        if not tagger.transitions:
            continue
        own = changes.filter(nw.col("tagger") == tagger.name, nw.col("change") != "changed")
        ends = {"gained": "subject", "lost": "ref"}
        tags = {
            to: nw.when(nw.col("change") == word).then(nw.col("tag")).otherwise(None).max() for word, to in ends.items()
        }
        moved = own.group_by("member").agg(**tags)
        _record(work, tagger, moved)


def _record(work: Work, tagger: Tagger, moved: Frame) -> None:
    now, view = work.run.now, work.view
    source, own = f"tagger:{tagger.name}", nw.concat_str(nw.col("member").cast(nw.String), nw.lit(f":{now}"))
    facts = {"type": tagger.transitions, "entry": tagger.name, "source": source}
    events = moved.with_columns(
        source_id=own,
        second=nw.lit(now, nw.Int64),
        day=nw.lit(view.today, nw.Int32),
        time=nw.lit(work.run.time),
        **{name: nw.lit(value) for name, value in facts.items()},
    )
    events = work.session.engine.hashed(events, ["source", "source_id"], "id").sort("member")
    known = view.raw["events"].filter(nw.col("second") == now).select("id")
    new = work.keep(cast_like(events.join(known, on="id", how="anti"), TABLES["events"].columns))
    work.count("events", work.stage("events", new))
