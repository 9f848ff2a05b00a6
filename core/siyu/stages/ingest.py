"""Intake: what entries read becomes rows of the logs, once each; what cannot be taken goes to ``rejects``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.addresses import keep_addresses, needed
from siyu.components import ROTATED
from siyu.frames import cast_like
from siyu.identities import named
from siyu.kinds import Entry
from siyu.revisions import revise
from siyu.rights.retention import cut
from siyu.rights.suppression import remembered
from siyu.stages.contacts import known
from siyu.stages.fields import tell
from siyu.stages.lines import Lines, ordered
from siyu.stages.novelty import Novelty, novel
from siyu.stages.optout import withdraw
from siyu.stages.raw import prepared, rejects
from siyu.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu.kinds import Batch, Frame
    from siyu.view import View
    from siyu.work import Work

__all__ = ["identified", "ingest", "read", "seen", "take"]


def ingest(work: Work) -> None:
    """Read every entry of the brand from where it ended."""
    for entry in work.components(Entry):
        with work.attributed(entry):
            read(work, entry, entry.name)
    work.brought = len(work.staged.get("events", ()))


def read(work: Work, entry: Entry, label: str) -> None:
    """Take what an entry reads, from where it ended.

    Args:
        work: The pass.
        entry: The entry.
        label: The name under which the log keeps how far it has read; empty to start anew and to keep nothing.
    """
    cursor = _cursor(work, label)
    told: dict[int, View] = {}

    def view() -> View:
        """Return what is known by now; it is told anew after something came in."""
        brought = sum(map(len, work.staged.values()))
        if brought not in told:
            told.clear()
            told[brought] = work.view.having(bits=None, **known(work))
        return told[brought]

    intake = work.session.intake(work.programme, now=work.run.now, cursor=cursor, view=view)
    newest = cursor
    for batch in entry.read(intake):
        take(work, entry.name, batch)
        work.session.grown(sum(work.counts.values()))
        newest = batch.cursor if batch.cursor is not None else newest
    if label and newest != cursor:
        row = {"entry": [label], "cursor": [newest]}
        work.stage("cursors", work.session.engine.frame(row, TABLES["cursors"].columns))


def _cursor(work: Work, label: str) -> str:
    rows = work.session.stored("cursors", ("seq", "cursor"), entry=label)
    return max(rows)[1] if rows else ""


def take(work: Work, entry: str, batch: Batch) -> None:
    """Take one batch into its log: refuse what is not a row, drop what is known, keep the rest."""
    work.counts.setdefault("rejects", 0)
    if batch.rejects is not None:
        _reject(work, entry, batch.rejects)
    rows = prepared(work, entry, batch)
    if not work.some(rows):
        # As where an entry says only how far it has come.
        if batch.table != "addresses":
            work.counts.setdefault(batch.table, 0)
        work.staged.setdefault(batch.table, [])
        return
    rows = remembered(work, batch.table, rows)
    if batch.table == "events":
        rows = cut(work, rows)
    bad = rejects(rows.filter(~nw.col("reason").is_null()), batch.table)
    good = rows.filter(nw.col("reason").is_null()) if _reject(work, entry, bad) else rows
    tell(work, rows)
    withdraw(work, good)
    if batch.table == "items":
        _keep_lines(work, ordered(work, good, revises=batch.revises), entry)
        return
    if "_identity" in good.collect_schema():
        # Also of facts that are known: a channel may have come into the config after them.
        _reachable(work, batch.table, good)
    if batch.table == "addresses":
        identified(work, good.select("_identity", "member", "second"))
        return
    found = novel(work, batch.table, good, revises=batch.revises)
    _keep(work, entry, batch.table, found, whole=found.rows is rows)


def _keep(work: Work, entry: str, table: str, found: Novelty, *, whole: bool) -> None:
    if found.conflicts is not None:
        _reject(work, entry, found.conflicts)
    new = work.stage(table, found.rows, "_row" if whole else "")
    if found.revised is not None and work.some(found.revised):
        revise(work, "events", found.revised)
        work.count("revised", found.revised)
    work.count(table, new)
    if "_identity" in found.rows.collect_schema():
        identified(work, _identities(found.rows, table))


def _keep_lines(work: Work, found: Lines, entry: str) -> None:
    for refused in found.refused:
        _reject(work, entry, refused)
    before = work.count("items", work.stage("items", found.rows))
    if before and found.revised is not None and work.some(found.revised):
        low = work.session.engine.rows(work.staged["items"][-1].select(nw.col("seq").min()))[0][0]
        revise(work, "items", found.revised, low)


def _reachable(work: Work, table: str, rows: Frame) -> None:
    """Keep the ids that channels send to, in the clear but encrypted."""
    if needed(work.programme):
        named = _identities(rows, table)
        parts = {"kind": (":.*", ""), "address": ("^[^:]*:", "")}
        own = {name: nw.col("_identity").str.replace_all(*how) for name, how in parts.items()}
        keep_addresses(work, named.select("member", **own), own=True)
    if table == "addresses":
        keep_addresses(work, rows.select("member", "kind", "address"), own=False)


def _identities(rows: Frame, table: str) -> Frame:
    """Return the outside ids that rows name: _identity, member, second."""
    if table != "links":
        # An entry may name who is known by the number alone.
        return rows.filter(~nw.col("_identity").is_null()).select("_identity", "member", "second")
    one, other = rows.select("_identity", "second", member=nw.col("a")), {"_identity": "other", "member": "b"}
    there = rows.select("second", **{name: nw.col(column) for name, column in other.items()})
    return nw.concat([one.select("_identity", "member", "second"), there.select("_identity", "member", "second")])


def seen(work: Work, texts: Sequence[str]) -> Frame:
    """Return outside ids that a person names, in their one form, as seen now: _identity, member, second."""
    engine = work.session.engine
    rows = engine.frame({"_identity": texts}, {"_identity": nw.String()}).with_columns(second=nw.lit(work.run.now))
    return named(engine, work.view.raw["identities"], rows, "_identity", "member")


def identified(work: Work, rows: Frame) -> None:
    """Keep the outside ids that are new; one that was known under an older key is linked with its id there.

    Args:
        work: The pass.
        rows: _identity (in its one form), member, second (when it came first).
    """
    engine = work.session.engine
    seen = rows.group_by("_identity", "member").agg(since=nw.col("second").min())
    rotates, kind = engine.versions > 1, nw.col("_identity").str.replace_all(":.*", "")
    if rotates:
        seen = engine.hashed(seen.with_columns(kind=kind), ["_identity"], "value", engine.versions - 1)
    else:
        seen = seen.with_columns(value=nw.col("member"), kind=kind)
    if work.holds("identities"):
        seen = seen.join(work.view.raw["identities"].select("value"), on="value", how="anti")
    new = work.stage("identities", seen)
    rotated = new.filter(nw.col("member") != nw.col("value")) if rotates else new
    if rotates and work.some(rotated):
        link = {"a": nw.col("member"), "b": nw.col("value"), "time": nw.col("since")}
        work.stage("links", rotated.select(**link, evidence=nw.lit(ROTATED), undone=nw.lit(value=False)))


def _reject(work: Work, entry: str, rows: Frame) -> bool:
    """Refuse rows; return whether there are any."""
    if not work.some(rows):
        return False
    schema = TABLES["rejects"].columns
    numbered = work.keep(cast_like(rows.with_columns(entry=nw.lit(entry)), schema), "_row")
    work.count("rejects", work.stage("rejects", novel(work, "rejects", numbered).rows))
    return True
