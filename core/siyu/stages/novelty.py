"""What is new in a batch: the same fact twice is taken once, the same id with other content is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu.frames import row_number
from siyu.stages.raw import rejects

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["OVERTAKEN", "Novelty", "novel", "overtaken"]

_CONTENT = ["member", "type", "second", "place", "staff", "subject", "ref", "amount", "quantity", "props"]
_WHOLE = {
    "consents": ["member", "channel", "purpose", "state", "time", "proof", "basis"],
    "links": ["a", "b", "time", "evidence"],
    "costs": ["id"],
    "prices": ["sku", "price", "from", "until"],
    "rejects": ["entry", "source", "line", "reason", "raw"],
}

_CLASH = nw.lit("the same id came before with other content")

OVERTAKEN = (*_WHOLE, "events", "items", "identities")
"""The logs that two passes may bring the same rows to at once."""


@frozen
class Novelty:
    """The rows to keep, and those refused for contradicting what is known, as rejects."""

    rows: Frame
    conflicts: Frame | None = None


def novel(work: Work, table: str, rows: Frame) -> Novelty:
    """Return what is new among prepared rows, against the log with all that this pass brought before."""
    if table == "events":
        return _events(work, rows)
    if table == "items":
        return Novelty(rows)
    return _whole(work, table, rows)


def overtaken(work: Work, table: str, rows: Frame) -> Novelty:
    """Return what is still new among staged rows, against what other passes committed since this one began."""
    others = work.session.table(table).filter(nw.col("seq") > work.run.watermark, nw.col("run") != work.run.id)
    if table == "events":
        return _contested(work, rows, others)
    keys = {"items": ["event"], "identities": ["kind", "value"]}.get(table)
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
    stored = engine.hashed(work.view.raw[table], names, "_content").select("_content")
    first = row_number(incoming, ["_content"], ["_row"], "_nth").filter(nw.col("_nth") == 1)
    return Novelty(work.keep(first.join(stored, on="_content", how="anti").sort("_row")))


def _events(work: Work, rows: Frame) -> Novelty:
    """Compare by id, then by content: a changed moment is content too."""
    engine = work.session.engine
    incoming = work.keep(engine.hashed(rows, _CONTENT, "_content"))
    ranked = row_number(incoming, ["id"], ["_row"], "_nth")
    first = ranked.filter(nw.col("_nth") == 1)
    matching = work.view.raw["events"].join(incoming.select("id").unique(), on="id", how="semi")
    stored = work.keep(engine.hashed(matching, _CONTENT, "_known").select("id", "_known"))
    new = work.keep(first.join(stored, on="id", how="anti").sort("_row"))
    known = nw.concat([stored, new.select("id", _known=nw.col("_content"))])
    clashes = incoming.join(known, on="id", how="left").filter(nw.col("_content") != nw.col("_known"))
    return Novelty(new, work.keep(rejects(clashes.with_columns(_CLASH.alias("reason")), "events")))
