"""What an entry may hand over, table by table, and how it becomes rows of a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.errors import UserError
from siyu.frames import cast_like
from siyu.identities import BAD, named, normalised, plain, unmarked
from siyu.moments import day_expression
from siyu.stages.fields import declared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from siyu.kinds import Batch, Frame
    from siyu.tables import Schema
    from siyu.work import Work

__all__ = ["RAW", "REJECTED", "accepted", "prepared", "rejects"]

_TEXT, _INT, _TIME = nw.String(), nw.Int64(), nw.Datetime("us")

RAW: dict[str, Schema] = {
    "events": {
        "identity": _TEXT,
        "member": _INT,
        "type": _TEXT,
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
    "addresses": dict.fromkeys(("identity", "kind", "value"), _TEXT),
    "costs": {
        **dict.fromkeys(("source", "source_id"), _TEXT),
        "time": _TIME,
        **dict.fromkeys(("entry", "code", "campaign"), _TEXT),
        "amount": _INT,
    },
    "prices": {"sku": _TEXT, "price": _INT, "from": _TIME, "until": _TIME},
}
"""The columns of a batch by table; ``line`` may stand among them, other columns are refused."""

REJECTED: Schema = {"source": _TEXT, "line": _INT, "reason": _TEXT, "raw": _TEXT}
"""The columns of a batch's rejects."""

_CONTENT = ("source", "identity", "type", "second", "place", "subject", "ref", "amount", "quantity", "props")
_STATES = ["granted", "withdrawn", "unknown"]


def prepared(work: Work, entry: str, batch: Batch) -> Frame:
    """Return a batch's rows, computed once, with what the log needs besides.

    Returns:
        The columns of the batch and of the log: ids, seconds, days; ``_row`` numbers the rows, and ``reason`` says why
        one cannot be taken, null where it can.

    Raises:
        UserError: The batch has a column that its table does not know.
    """
    rows = cast_like(batch.rows, accepted(entry, batch))
    if "props" in batch.rows.collect_schema():
        rows = declared(work, rows)
    known = [column for column in ("identity", "other") if column in RAW[batch.table]]
    usual = work.session.engine.versions == 1 and plain(work.session.engine, rows, known)
    # A join may change the order of the rows, so they are numbered before.
    rows = _identified(work, rows if usual else work.keep(rows, "_row"), usual=usual)
    made = _PREPARE[batch.table](work, entry, rows).with_columns(reason=_verdict(work, batch.table))
    kept = work.keep(made, "_row") if usual else work.keep(made.sort("_row"))
    if batch.table in _NAMED:
        kept = kept.with_columns(_identity=nw.col("identity"))
    return _dated(work, kept) if batch.table in _DATED else kept


def accepted(entry: str, batch: Batch) -> Schema:
    """Return the columns that a batch may have.

    Raises:
        UserError: It has another one.
    """
    schema = {**RAW[batch.table], "line": _INT}
    unknown = sorted(set(batch.rows.collect_schema().names()) - set(schema))
    if unknown:
        known = ", ".join(RAW[batch.table])
        message = f"entry '{entry}' gives columns that {batch.table} does not have: {', '.join(unknown)} (of: {known})"
        raise UserError(message)
    return schema


def _identified(work: Work, rows: Frame, *, usual: bool) -> Frame:
    """Write outside ids in their one form, and add the member of each: ``member``, and ``b`` of ``other``."""
    engine, known, region = work.session.engine, work.view.raw["identities"], work.programme.brand.dialling
    columns = rows.collect_schema().names()
    rows = rows.rename({"member": "_given"}) if "member" in columns else rows
    for column, member in (("identity", "member"), ("other", "b")):
        if column in columns:
            told = unmarked(rows, column) if usual else normalised(engine, rows, column, region)
            rows = named(engine, known, told, column, member)
    if "member" not in columns:
        return rows
    chosen = nw.when(nw.col("identity").is_null()).then(nw.col("_given")).otherwise(nw.col("member"))
    return rows.with_columns(member=chosen).drop("_given")


def _events(work: Work, entry: str, rows: Frame) -> Frame:
    engine, own = work.session.engine, nw.lit(entry)
    rows = rows.with_columns(
        nw.coalesce("entry", own).alias("entry"),
        nw.coalesce("source", own).alias("source"),
    )
    rows = engine.seconds(rows, "time", "second")
    by_name, whole = _joined(("source", "source_id")), _joined(_CONTENT)
    # Of source and id there, or of the whole content where there is no id.
    text = nw.when(nw.col("source_id").is_null()).then(whole).otherwise(by_name)
    return engine.hashed(rows.with_columns(_text=text), ["_text"], "id")


def _joined(columns: Iterable[str]) -> nw.Expr:
    """Return what ``Engine.hashed`` hashes of columns."""
    return nw.concat_str(*(nw.col(name).cast(nw.String).fill_null("") for name in columns), separator="|")


def _dated(work: Work, kept: Frame) -> Frame:
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
    rows = rows.with_columns(nw.coalesce("source", nw.lit(entry)).alias("source"))
    rows = work.session.engine.seconds(rows, "time", "second")
    return rows.with_columns(time=nw.col("second"))


def _links(work: Work, _entry: str, rows: Frame) -> Frame:
    rows = work.session.engine.seconds(rows.rename({"member": "a"}), "time", "second")
    return rows.with_columns(
        time=nw.col("second"), undone=nw.lit(value=False), by_hand=nw.lit(value=False), _identity=nw.col("identity")
    )


def _addresses(work: Work, _entry: str, rows: Frame) -> Frame:
    """Write addresses in the one form of outside ids of their kind."""
    whole = nw.concat_str(nw.col("kind").fill_null(""), nw.col("value").fill_null(""), separator=":")
    rows = rows.with_columns(second=nw.lit(work.run.now), address=whole)
    rows = normalised(work.session.engine, rows, "address", work.programme.brand.dialling)
    parts = {"kind": ":.*", "address": "^[^:]*:"}
    return rows.with_columns(**{name: nw.col("address").str.replace_all(part, "") for name, part in parts.items()})


def _costs(work: Work, entry: str, rows: Frame) -> Frame:
    rows = rows.with_columns(nw.coalesce("source", nw.lit(entry)).alias("source"))
    rows = work.session.engine.seconds(rows, "time", "second")
    content = ["source", "source_id", "second", "entry", "code", "campaign"]
    return work.session.engine.hashed(rows, content, "id")


def _prices(work: Work, _entry: str, rows: Frame) -> Frame:
    for column in ("from", "until"):
        rows = work.session.engine.seconds(rows.rename({column: "_moment"}), "_moment", column).drop("_moment")
    return rows


_PREPARE: dict[str, Callable[[Work, str, Frame], Frame]] = {
    "events": _events,
    "items": _items,
    "consents": _consents,
    "links": _links,
    "addresses": _addresses,
    "costs": _costs,
    "prices": _prices,
}


_DATED = ("events", "costs")
_NAMED = ("events", "consents", "links", "addresses")


def _verdict(work: Work, table: str) -> nw.Expr:
    """Say why a prepared row cannot be taken; null where it can."""
    verdict = nw.lit(None).cast(nw.String)
    for bad, reason in reversed(_flaws(work, table)):
        verdict = nw.when(bad).then(nw.lit(reason) if isinstance(reason, str) else reason).otherwise(verdict)
    return verdict


def rejects(rows: Frame, table: str) -> Frame:
    """Return prepared rows with a ``reason`` as rejects: ``_row``, source, line, reason, raw."""
    texts = [nw.col(name).cast(nw.String).fill_null("") for name in RAW[table] if name != "member"]
    source = "source" if "source" in RAW[table] else None
    return rows.select(
        "_row",
        "line",
        "reason",
        (nw.col(source) if source else nw.lit(table)).alias("source"),
        raw=nw.concat_str(*texts, separator="|"),
    )


def _flaws(work: Work, table: str) -> list[tuple[nw.Expr, str | nw.Expr]]:
    flaws: list[tuple[nw.Expr, str | nw.Expr]] = []
    for column in ("identity", "other"):
        if column in RAW[table]:
            wrong = nw.col(f"{BAD}{column}")
            known = (
                nw.col("identity").is_null() & ~nw.col("member").is_null() if table == "events" else nw.lit(value=False)
            )
            flaws.append((~known & ~wrong.is_null(), nw.concat_str(nw.lit(f"{column}: "), wrong)))
    if table == "addresses":
        flaws.append((~nw.col(f"{BAD}address").is_null(), nw.concat_str(nw.lit("value: "), nw.col(f"{BAD}address"))))
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
