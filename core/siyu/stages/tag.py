"""Tags: what taggers say of members now, and what changed since the last run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import evolve

from siyu.bits import Bits, packed, stored
from siyu.folds import fold_of
from siyu.frames import cast_like, total
from siyu.kinds import Tagger
from siyu.stages.tag_changes import flag_changes, row_changes, transitions
from siyu.steady import Told, again, basis, brought, stirred
from siyu.tables import STATE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["tag"]

_KEY = ["member", "tagger", "tag"]


def tag(work: Work) -> None:
    """Ask every tagger; a tick asks those that need no other members, and takes the rest from the last run.

    Tags that are plain yes or no are kept as bits (``flags``), the others row by row (``tags``).
    """
    rows, bits = work.view.raw["tags"], stored(work.session, "flags")
    given: dict[str, Frame] = {}
    told: dict[str, Told] = {}
    work.moved = again(work)
    for tagger in work.components(Tagger):
        if given or told:
            _show(work, rows, bits, given, told)
        with work.attributed(tagger):
            found = _told(work, tagger, bits)
            if found is None:
                given[tagger.name] = work.keep(_given(work, tagger, rows))
            else:
                told[tagger.name] = found
    if work.ticking:
        _show(work, rows, bits, given, told)
    else:
        _settle(work, bits, given, told)


def _show(work: Work, rows: Frame, bits: Bits, given: Mapping[str, Frame], told: Mapping[str, Told]) -> None:
    """Show the tags that were told so far to the later taggers and stages."""
    work.view = work.view.having(tags=_together(rows, given), bits={"flags": _combined(work, bits, told)})


def _settle(work: Work, bits: Bits, given: Mapping[str, Frame], told: Mapping[str, Told]) -> None:
    """Keep the tags of a run, and what changed; a tagger that the config has no more gives none."""
    rows = work.session.table("tags")
    tags = work.keep(nw.concat([cast_like(rows, STATE["tags"].columns).head(0), *given.values()]))
    flags, anew, old = _renewed(work, _combined(work, evolve(bits, names={}), told), bits, told)
    work.view = work.view.having(tags=tags, bits={"flags": flags})
    work.state["tags"] = tags
    work.folded["tags"], work.folded["flags"] = dict.fromkeys(given, ""), {"": basis(work)} | flags.definitions()
    work.counts["tags"] = work.size(tags) + _number(work, flags)
    fold = fold_of(work.session, "tags")
    staged = []
    if given or work.some(rows):
        changes = row_changes(work, rows, tags, fold.definitions if fold else ())
        # What is put together has no order of its own, and all that is written has one.
        staged.append(work.stage("tag_changes", changes.sort("tagger", "change", "member", "tag")))
    staged.append(work.stage("tag_changes", flag_changes(work, old, anew), "nth"))
    for part in staged:
        work.count("tag changes", part)
    transitions(work, nw.concat(staged))


def _renewed(work: Work, flags: Bits, before: Bits, told: Mapping[str, Told]) -> tuple[Bits, Bits, Bits]:
    """Have the bits written; return all of them, those that may differ, and what they were."""
    gone = [one.gone for one in told.values() if one.gone is not None]
    if not gone or len(gone) < len(told):
        whole = evolve(flags, frame=work.renew("flags", work.keep(flags.frame), None, None))
        return whole, whole, before
    out = gone[0] if len(gone) == 1 else work.keep(nw.concat(gone).unique())
    own = [one.rows for one in told.values() if one.bits.frame is flags.frame and one.rows is not None]
    rows = own[0] if own else work.keep(flags.frame.join(out, on="member", how="semi"))
    whole = evolve(flags, frame=work.renew("flags", flags.frame, rows, out))
    old = work.keep(before.frame.join(out, on="member", how="semi"))
    return whole, evolve(flags, frame=rows), evolve(before, frame=old)


def _number(work: Work, flags: Bits) -> int:
    """Return how many tags members have that are kept as bits."""
    numbers = [total(f"{tagger}:n").alias(tagger) for tagger in flags.names]
    return sum(work.session.engine.rows(flags.frame.select(*numbers))[0]) if numbers else 0


def _told(work: Work, tagger: Tagger, before: Bits) -> Told | None:
    """Return a tagger's tags as bits, None where they have values.

    Those that only members' own facts decide are told of those who moved.
    """
    looked, moved = before.names.get(tagger.name, {}), work.moved
    names = {name: looked.get(name, work.run.now) for name in tagger.gives}
    lasting = set() if moved is None or not looked else set(tagger.steady(work.view))
    asked = [name for name in names if name not in lasting]
    given = tagger.turned(work.view, asked, moved.day) if moved is not None and lasting and asked else None
    given = tagger.flags(work.view, asked) if given is None else given
    if given is None:
        return None
    if moved is None or not lasting:
        return Told(Bits(work.keep(packed(given, tagger.name, list(names), "tag:")), {tagger.name: names}))
    others = stirred(work, before, tagger.name, moved.gone, given, "tag:")
    fresh = tagger.flags(moved.among(work.view), list(names))
    return None if fresh is None else brought(work, before, tagger.name, fresh, moved.gone, others, "tag:")


def _combined(work: Work, before: Bits, told: Mapping[str, Told]) -> Bits:
    """Return all sets beside one another: the new ones, and those of the last run that were not asked yet."""
    sets = {name: one.bits for name, one in told.items()}
    if len(sets) == 1 and not before.names:
        (only,) = told.values()
        # As where its tagger looks at everybody: then nothing has to be put together.
        if only.rows is not None or work.size(only.bits.frame) == work.counts["members"]:
            return only.bits
    rest = evolve(before, names={kind: names for kind, names in before.names.items() if kind not in sets})
    frame = work.view.raw["members"].select("member")
    for one in (rest, *sets.values()):
        if one.names:
            columns = [column for kind in one.names for column in one.held(kind)]
            frame = frame.join(one.frame.select("member", *columns), on="member", how="left")
    names = {kind: names for one in (rest, *sets.values()) for kind, names in one.names.items()}
    return Bits(frame, names)


def _given(work: Work, tagger: Tagger, before: Frame) -> Frame:
    """Return a tagger's tags in the form of the state; one that a member had already keeps its ``since``."""
    raw = cast_like(tagger.tags(work.view), {**STATE["tags"].columns})
    lasting = raw.filter((nw.col("expires") > work.run.now).fill_null(value=True))
    known = work.view.raw["members"].select("member")
    given = lasting.join(known, on="member", how="semi").group_by("member", "tag")
    best = given.agg(nw.col("value", "score", "evidence", "expires").max()).with_columns(tagger=nw.lit(tagger.name))
    old = before.select(*_KEY, _since=nw.col("since"))
    dated = best.join(old, on=_KEY, how="left").with_columns(since=nw.col("_since").fill_null(work.run.now))
    return cast_like(dated, STATE["tags"].columns)


def _together(rows: Frame, given: Mapping[str, Frame]) -> Frame:
    """Return the new tags, and those of the last run for taggers that were not asked yet."""
    rest = cast_like(rows, STATE["tags"].columns).filter(~nw.col("tagger").is_in(list(given))) if given else rows
    return nw.concat([*given.values(), rest])
