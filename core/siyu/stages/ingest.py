"""Intake: what entries read becomes rows of the logs, once each; what cannot be taken goes to ``rejects``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import cast_like
from siyu.kinds import Entry
from siyu.stages.fields import tell
from siyu.stages.novelty import Novelty, novel
from siyu.stages.optout import withdraw
from siyu.stages.raw import prepared, refused, rejects
from siyu.tables import TABLES

if TYPE_CHECKING:
    from siyu.kinds import Batch, Frame
    from siyu.work import Work

__all__ = ["ingest", "take"]

_LINE = ["event", "sku", "category", "quantity", "amount"]


def ingest(work: Work) -> None:
    """Read every entry of the brand from where it ended."""
    for entry in work.components(Entry):
        with work.attributed(entry):
            _read(work, entry)
    work.brought = len(work.staged.get("events", ()))


def _read(work: Work, entry: Entry) -> None:
    cursor = _cursor(work, entry.name)
    intake = work.session.intake(work.programme, now=work.run.now, cursor=cursor)
    newest = cursor
    for batch in entry.read(intake):
        take(work, entry.name, batch)
        newest = batch.cursor if batch.cursor is not None else newest
    if newest != cursor:
        row = {"entry": [entry.name], "cursor": [newest]}
        work.stage("cursors", work.session.engine.frame(row, TABLES["cursors"].columns))


def _cursor(work: Work, entry: str) -> str:
    known = work.session.table("cursors").filter(nw.col("entry") == entry)
    rows = work.session.engine.rows(known.select("seq", "cursor"))
    return max(rows)[1] if rows else ""


def take(work: Work, entry: str, batch: Batch) -> None:
    """Take one batch into its log: refuse what is not a row, drop what is known, keep the rest."""
    work.counts.setdefault("rejects", 0)
    if batch.rejects is not None:
        _reject(work, entry, batch.rejects)
    rows = work.keep(prepared(work, entry, batch))
    bad = work.keep(refused(work, batch.table, rows))
    good = rows
    if work.size(bad.head(1)):
        good = work.keep(rows.join(bad.select("_row").unique(), on="_row", how="anti").sort("_row"))
        _reject(work, entry, bad)
    tell(work, rows)
    withdraw(work, good)
    if batch.table == "items":
        good = _with_their_events(work, entry, good)
    found = novel(work, batch.table, good)
    _keep(work, entry, batch.table, found)


def _keep(work: Work, entry: str, table: str, found: Novelty) -> None:
    if found.conflicts is not None:
        _reject(work, entry, found.conflicts)
    new = work.stage(table, found.rows)
    work.count(table, new)
    if "_identity" in found.rows.collect_schema():
        _identify(work, found.rows)


def _with_their_events(work: Work, entry: str, rows: Frame) -> Frame:
    """Keep the lines of orders that have none yet; one of an order that nobody knows, or that has others, is refused.

    Lines have no id of their own: those of an order come together, once.
    """
    events = work.view.raw["events"].select(event=nw.col("id"))
    lined = work.view.raw["items"].join(rows.select("event").unique(), on="event", how="semi")
    placed = work.keep(rows.join(events, on="event", how="semi").sort("_row"))
    orphans = rows.join(events, on="event", how="anti").with_columns(reason=nw.lit("its order is not known"))
    stored = work.session.engine.hashed(lined, _LINE, "_content").select("_content").unique()
    again = placed.join(lined.select("event").unique(), on="event", how="semi")
    others = work.session.engine.hashed(again, _LINE, "_content").join(stored, on="_content", how="anti")
    reason = nw.lit("its order came before with other lines")
    for refuse in (orphans, others.with_columns(reason=reason)):
        _reject(work, entry, work.keep(rejects(refuse, "items")))
    return work.keep(placed.join(lined.select("event").unique(), on="event", how="anti").sort("_row"))


def _identify(work: Work, rows: Frame) -> None:
    seen = rows.group_by("_identity", "member").agg(since=nw.col("second").min())
    kinds = seen.select(
        "member",
        "since",
        kind=nw.col("_identity").str.replace_all(":.*", ""),
        value=nw.col("member"),
    )
    known = work.view.raw["identities"].select("kind", "value")
    work.stage("identities", kinds.join(known, on=["kind", "value"], how="anti"))


def _reject(work: Work, entry: str, rows: Frame) -> None:
    if not work.size(rows.head(1)):
        return
    schema = TABLES["rejects"].columns
    numbered = work.session.engine.numbered(cast_like(rows.with_columns(entry=nw.lit(entry)), schema), "_row")
    work.count("rejects", work.stage("rejects", novel(work, "rejects", numbered).rows))
