"""What an entry may hand over, table by table, and how it becomes rows of a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.errors import UserError
from siyu.frames import cast_like
from siyu.moments import day_expression
from siyu.stages.fields import declared

if TYPE_CHECKING:
    from collections.abc import Callable

    from siyu.kinds import Batch, Frame
    from siyu.tables import Schema
    from siyu.work import Work

__all__ = ["RAW", "prepared", "refused", "rejects"]

_TEXT, _INT, _TIME = nw.String(), nw.Int64(), nw.Datetime("us")

RAW: dict[str, Schema] = {
    "events": {
        **dict.fromkeys(("identity", "type"), _TEXT),
        "time": _TIME,
        **dict.fromkeys(("source", "source_id", "entry", "place", "staff", "subject", "ref"), _TEXT),
        "amount": _INT,
        "quantity": _INT,
        "props": _TEXT,
    },
    "items": {
        **dict.fromkeys(("source", "source_id", "sku", "category"), _TEXT),
        **dict.fromkeys(("quantity", "amount"), _INT),
    },
    "consents": {
        **dict.fromkeys(("identity", "channel", "purpose", "state"), _TEXT),
        "time": _TIME,
        **dict.fromkeys(("source", "proof", "basis"), _TEXT),
    },
    "links": {**dict.fromkeys(("identity", "other", "evidence"), _TEXT), "time": _TIME},
    "costs": {
        **dict.fromkeys(("source", "source_id"), _TEXT),
        "time": _TIME,
        **dict.fromkeys(("entry", "code", "campaign"), _TEXT),
        "amount": _INT,
    },
    "prices": {"sku": _TEXT, "price": _INT, "from": _TIME, "until": _TIME},
}
"""The columns of a batch by table; ``line`` may stand among them, other columns are refused."""

_CONTENT = ("source", "identity", "type", "second", "place", "subject", "ref", "amount", "quantity", "props")
_IDENTITY = "^[A-Za-z0-9_-]+:.+$"
_STATES = ["granted", "withdrawn", "unknown"]


def prepared(work: Work, entry: str, batch: Batch) -> Frame:
    """Return a batch's rows with what the log needs besides: ids, seconds, days, and their number ``_row``.

    Raises:
        UserError: The batch has a column that its table does not know.
    """
    schema = {**RAW[batch.table], "line": _INT}
    given = set(batch.rows.collect_schema().names())
    unknown = sorted(given - set(schema))
    if unknown:
        known = ", ".join(RAW[batch.table])
        message = f"entry '{entry}' gives columns that {batch.table} does not have: {', '.join(unknown)} (of: {known})"
        raise UserError(message)
    rows = work.keep(work.session.engine.numbered(cast_like(batch.rows, schema), "_row"))
    if "props" in given:
        rows = declared(work, rows)
    return _PREPARE[batch.table](work, entry, rows)


def _events(work: Work, entry: str, rows: Frame) -> Frame:
    engine = work.session.engine
    own = nw.lit(entry)
    rows = rows.with_columns(
        nw.coalesce("entry", own).alias("entry"),
        nw.coalesce("source", own).alias("source"),
        _identity=nw.col("identity"),
    )
    rows = engine.seconds(rows, "time", "second")
    return _dated(work, _keyed(work, engine.hashed(rows, ["identity"], "member")))


def _keyed(work: Work, rows: Frame) -> Frame:
    """Add ``id``: of source and id there, or of the whole content where there is no id."""
    engine = work.session.engine
    named = engine.hashed(rows, ["source", "source_id"], "_named")
    if not work.size(rows.filter(nw.col("source_id").is_null()).head(1)):
        return named.rename({"_named": "id"})
    both = engine.hashed(named, _CONTENT, "_whole")
    chosen = nw.when(nw.col("source_id").is_null()).then(nw.col("_whole")).otherwise(nw.col("_named"))
    return both.with_columns(id=chosen).drop("_named", "_whole")


def _dated(work: Work, rows: Frame) -> Frame:
    kept = work.keep(rows)
    span = work.session.engine.rows(kept.select(low=nw.col("second").min(), high=nw.col("second").max()))[0]
    low, high = (0, 0) if span[0] is None else span
    return kept.with_columns(day=day_expression(work.programme.brand.zone, "second", low, high))


def _items(work: Work, entry: str, rows: Frame) -> Frame:
    rows = rows.with_columns(nw.coalesce("source", nw.lit(entry)).alias("source"))
    # An order has many lines: its id is hashed once.
    orders = rows.select("source", "source_id").unique()
    known = work.keep(work.session.engine.hashed(orders, ["source", "source_id"], "event"))
    return rows.join(known, on=["source", "source_id"], how="left")


def _consents(work: Work, entry: str, rows: Frame) -> Frame:
    engine = work.session.engine
    rows = rows.with_columns(nw.coalesce("source", nw.lit(entry)).alias("source"), _identity=nw.col("identity"))
    rows = engine.seconds(rows, "time", "second")
    return engine.hashed(rows, ["identity"], "member").with_columns(time=nw.col("second"))


def _links(work: Work, _entry: str, rows: Frame) -> Frame:
    engine = work.session.engine
    rows = engine.hashed(engine.hashed(rows, ["identity"], "a"), ["other"], "b")
    return engine.seconds(rows, "time", "second").with_columns(time=nw.col("second"), undone=nw.lit(value=False))


def _costs(work: Work, entry: str, rows: Frame) -> Frame:
    rows = rows.with_columns(nw.coalesce("source", nw.lit(entry)).alias("source"))
    rows = work.session.engine.seconds(rows, "time", "second")
    content = ["source", "source_id", "second", "entry", "code", "campaign"]
    return _dated(work, work.session.engine.hashed(rows, content, "id"))


def _prices(work: Work, _entry: str, rows: Frame) -> Frame:
    for column in ("from", "until"):
        rows = work.session.engine.seconds(rows.rename({column: "_moment"}), "_moment", column).drop("_moment")
    return rows


_PREPARE: dict[str, Callable[[Work, str, Frame], Frame]] = {
    "events": _events,
    "items": _items,
    "consents": _consents,
    "links": _links,
    "costs": _costs,
    "prices": _prices,
}


def refused(work: Work, table: str, rows: Frame) -> Frame:
    """Return the prepared rows that cannot be taken: ``_row``, source, line, reason, raw."""
    verdict = nw.lit(None).cast(nw.String)
    for bad, reason in reversed(_flaws(work, table)):
        verdict = nw.when(bad).then(nw.lit(reason)).otherwise(verdict)
    found = rows.with_columns(reason=verdict).filter(~nw.col("reason").is_null())
    return rejects(found, table)


def rejects(rows: Frame, table: str) -> Frame:
    """Return prepared rows with a ``reason`` as rejects: ``_row``, source, line, reason, raw."""
    texts = [nw.col(name).cast(nw.String).fill_null("") for name in RAW[table]]
    source = "source" if "source" in RAW[table] else None
    return rows.select(
        "_row",
        "line",
        "reason",
        (nw.col(source) if source else nw.lit(table)).alias("source"),
        raw=nw.concat_str(*texts, separator="|"),
    )


def _flaws(work: Work, table: str) -> list[tuple[nw.Expr, str]]:
    flaws: list[tuple[nw.Expr, str]] = []
    for column in ("identity", "other"):
        if column in RAW[table]:
            good = nw.col(column).fill_null("").str.contains(_IDENTITY)
            flaws.append((~good, f"{column}: expected kind:value, as in phone:+8613800000000"))
    if "time" in RAW[table]:
        flaws.append((nw.col("second").is_null(), "time: it is missing"))
    if table == "events":
        known = nw.col("type").fill_null("").is_in(sorted(work.registry.events))
        flaws.append((~known, "type: no event type of that name is registered"))
    if table == "consents":
        known = nw.col("state").fill_null("").is_in(_STATES)
        flaws.append((~known, "state: expected granted, withdrawn or unknown"))
    needed = {"costs": "amount", "prices": "price", "items": "source_id"}.get(table)
    if needed:
        flaws.append((nw.col(needed).is_null(), f"{needed}: it is missing"))
    return flaws
