"""What is new in a batch: the same fact twice is taken once, the same id with other content is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu.frames import distinct, row_number
from siyu.revisions import whole
from siyu.stages.raw import rejects

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["OVERTAKEN", "Novelty", "novel", "overtaken"]

_CONTENT = ["member", "type", "second", "place", "staff", "subject", "ref", "amount", "quantity", "props"]
_WHOLE = {
    "consents": ["member", "channel", "purpose", "state", "time", "proof", "basis"],
    # Said again later, the same evidence is no news: it must not join anew what a person parted.
    "links": ["a", "b", "evidence"],
    "costs": ["id"],
    "prices": ["sku", "price", "from", "until"],
    "rejects": ["entry", "source", "line", "reason", "raw"],
}
# A column that is never null and tells most rows apart.
_NARROW = {"consents": "member", "links": "a", "costs": "id"}

_CLASH = nw.lit("the same id came before with other content")

OVERTAKEN = (*_WHOLE, "events", "items", "identities")
"""The logs that two passes may bring the same rows to at once."""


@frozen
class Novelty:
    """The rows to keep, those refused for contradicting what is known, as rejects, and the ids that some revise."""

    rows: Frame
    conflicts: Frame | None = None
    revised: Frame | None = None


def novel(work: Work, table: str, rows: Frame, *, revises: bool = False) -> Novelty:
    """Return what is new among prepared rows, against the log with all that this pass brought before.

    Args:
        work: The pass.
        table: The log.
        rows: The rows.
        revises: Whether an event with a known id and other content is a revision.
    """
    if table == "events":
        return _events(work, rows, revises=revises)
    if table == "items":
        return Novelty(rows)
    return _whole(work, table, rows)


def overtaken(work: Work, table: str, rows: Frame) -> Novelty:
    """Return what is still new among staged rows, against what other passes committed since this one began."""
    others = work.session.table(table).filter(nw.col("seq") > work.run.watermark, nw.col("run") != work.run.id)
    if table == "events":
        return _contested(work, rows, others)
    keys = {"items": ["event"], "identities": ["value"]}.get(table)
    if keys is not None:
        return Novelty(rows.join(others.select(*keys).unique(), on=keys, how="anti"))
    stored = work.session.engine.hashed(others, _WHOLE[table], "_content").select("_content")
    hashed = work.session.engine.hashed(rows, _WHOLE[table], "_content")
    return Novelty(hashed.join(stored, on="_content", how="anti").drop("_content"))


def _contested(work: Work, rows: Frame, others: Frame) -> Novelty:
    """Compare events by id; the one that was committed first stays."""
    engine = work.session.engine
    known = engine.hashed(others, _CONTENT, "_known").select("id", "_known")
    both = engine.hashed(rows, _CONTENT, "_content").join(known, on="id")
    clashes = both.filter(nw.col("_content") != nw.col("_known"))
    # The log keeps neither the line nor the outside id that a row came with.
    nothing = {"line": nw.lit(None).cast(nw.Int64), "identity": nw.lit(None).cast(nw.String)}
    refused = rejects(clashes.with_columns(_CLASH.alias("reason"), nw.col("seq").alias("_row"), **nothing), "events")
    named = refused.join(clashes.select("entry", _row=nw.col("seq")), on="_row")
    return Novelty(rows.join(known, on="id", how="anti"), work.keep(named.sort("_row").drop("_row")))


def _whole(work: Work, table: str, rows: Frame) -> Novelty:
    """Compare by the whole content, for rows that have no id of their own."""
    engine, names = work.session.engine, _WHOLE[table]
    incoming = work.keep(engine.hashed(rows, names, "_content"))
    known = work.view.raw[table]
    if table in _NARROW:
        # To hash all of a log for a few new rows takes long.
        known = known.join(incoming.select(_NARROW[table]).unique(), on=_NARROW[table], how="semi")
    stored = engine.hashed(known, names, "_content").select("_content")
    first = row_number(incoming, ["_content"], ["_row"], "_nth").filter(nw.col("_nth") == 1)
    return Novelty(work.keep(first.join(stored, on="_content", how="anti").sort("_row")))


def _events(work: Work, rows: Frame, *, revises: bool) -> Novelty:
    """Compare by id, whatever the moment, and then by content; a changed moment is content too.

    Most rows have an id that came never before, and are passed on as they are.
    """
    engine, ids = work.session.engine, rows.select("id")
    ((number, different),) = engine.rows(ids.select(nw.len(), different=nw.col("id").n_unique()))
    known = whole(work, "events")
    if work.holds("events"):
        sources = [source for (source,) in engine.rows(distinct(rows, "source"))]
        # An id is made of its source, so those of other sources need not be looked at.
        known = known.filter(nw.col("source").is_in(sources))
        # One column tells whether there is any at all.
        met = work.keep(known.select("id").join(ids, on="id", how="semi"))
    else:
        met = work.keep(ids.head(0))
    if number == different and not work.some(met):
        return Novelty(rows)
    twice = ids.group_by("id").agg(n=nw.len()).filter(nw.col("n") > 1).select("id")
    doubtful = work.keep(nw.concat([twice, met]).unique())
    stored = work.keep(known.join(met, on="id", how="semi"))
    return _compared(work, rows, stored, doubtful, revises=revises)


def _compared(work: Work, rows: Frame, stored: Frame, doubtful: Frame, *, revises: bool) -> Novelty:
    engine = work.session.engine
    known = engine.hashed(stored, _CONTENT, "_known").select("id", "_known").unique()
    asked = work.keep(engine.hashed(rows.join(doubtful, on="id", how="semi"), _CONTENT, "_content"))
    # What was said before, in whichever version, is nothing new.
    said = [nw.col("id"), nw.col("_known").alias("_content")]
    fresh = asked.join(known.select(*said), on=["id", "_content"], how="anti")
    once = row_number(fresh, ["id", "_content"], ["_row"], "_nth").filter(nw.col("_nth") == 1)
    ranked = work.keep(row_number(once, ["id"], ["_row"], "_version"))
    claims = sorted(name for name, event in work.registry.events.items() if event.claim)
    first = (nw.col("_version") == 1) & ~nw.col("_old")
    # A claim has its answer, so it cannot become another one.
    taken = first | ~nw.col("type").is_in(claims) if revises else first
    old = known.select("id").unique().with_columns(_old=nw.lit(value=True))
    judged = work.keep(ranked.join(old, on="id", how="left").with_columns(nw.col("_old").fill_null(value=False)))
    new = work.keep(judged.filter(taken).select("_row", "id", "_content", "_version", "_old"))
    held = work.keep(nw.concat([known.select(*said), new.select("id", "_content")]).unique())
    clashes = asked.join(held, on=["id", "_content"], how="anti")
    dropped = asked.join(new, on="_row", how="anti").select("_row")
    kept = rows.join(dropped, on="_row", how="anti").sort("_row")
    refused = work.keep(rejects(clashes.with_columns(_CLASH.alias("reason")), "events"))
    if not revises:
        return Novelty(kept, refused)
    again = new.filter((nw.col("_version") > 1) | nw.col("_old")).select("id").unique()
    return Novelty(kept, refused, work.keep(again))
