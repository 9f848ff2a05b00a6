"""Opening balances: what members had in an earlier system comes in as events ``opened``, each with its proof."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import narwhals as nw

from siyu.errors import UserError
from siyu.frames import cast_like
from siyu.kinds import Incentive
from siyu.moments import midnight, moment
from siyu.tables import TABLES

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.tables import Schema
    from siyu.work import Work

__all__ = ["opened"]

_LINE = TABLES["grants"].columns
_SAME = ["incentive", "kind", "member", "item", "lot", "cause_kind", "cause"]
_PROPS: Schema = dict.fromkeys(("proof", "author", "available", "expires"), nw.String())
_MOMENTS: Schema = {"text": nw.String(), "begins": nw.Int64(), "ends": nw.Int64()}


def opened(work: Work, ledger: Frame) -> Frame | None:
    """Return the lines of the balances that came over and are in no ledger yet; None for none.

    A balance is a lot of its own, in full: no limit, budget or ``to`` bounds it. One that was taken over before its
    incentive began counts from then on. What has no proof, no units, or a day that is none is ``refused``; it comes in
    when its event is revised.

    Args:
        work: The pass.
        ledger: All lines so far.
    """
    if not work.programme.of(Incentive) or not work.has("opened"):
        return None
    begun = work.view.events.filter(nw.col("type") == "opened").with_columns(
        incentive=nw.col("subject"), cause=nw.col("id").cast(nw.String)
    )
    events = begun.join(_begins(work), on="incentive")
    fresh = work.keep(_without(events, ledger, ["opened"]))
    if not work.some(fresh):
        return None
    lines = work.keep(_lines(work, _judged(work, fresh)))
    refused = _without(lines.filter(nw.col("kind") == "refused"), ledger, ["refused"])
    both = nw.concat([lines.filter(nw.col("kind") == "opened"), refused])
    return work.keep(both.sort("time", "id"))


def _begins(work: Work) -> Frame:
    """Return incentive, begin: the first second of each incentive's days."""
    known = work.programme.of(Incentive)
    names, begins = [one.name for one in known], [work.view.window(one)[0] for one in known]
    schema = {"incentive": nw.String(), "begin": nw.Int64()}
    return work.view.table({"incentive": names, "begin": begins}, schema)


def _without(rows: Frame, ledger: Frame, kinds: list[str]) -> Frame:
    """Drop rows whose cause has a line of these kinds."""
    known = ledger.filter(nw.col("kind").is_in(kinds), nw.col("cause_kind") == "event").select("incentive", "cause")
    return rows.join(known.unique(), on=["incentive", "cause"], how="anti")


def _judged(work: Work, events: Frame) -> Frame:
    """Add what the props say, the units, and as ``refusal`` why a balance cannot come in."""
    known = work.keep(work.view.fields(events, _PROPS))
    times = _moments(work, known)
    for name, bound in (("available", "begins"), ("expires", "ends")):
        read = times.select(nw.col("text").alias(name), nw.col(bound).alias(f"_{name}"))
        known = known.join(read, on=name, how="left")
    units = nw.coalesce("quantity", "amount")
    ended = nw.col("_expires") <= nw.max_horizontal("_available", "second", "begin")
    reasons = {
        "no proof of the balance was given": nw.col("proof").fill_null("") == "",
        "it has no units": units.fill_null(0) <= 0,
        "its 'available' is no day and no moment": _unread("available"),
        "its 'expires' is no day and no moment": _unread("expires"),
        "it had expired when it came over": ended.fill_null(value=False),
    }
    refusal = nw.lit(None).cast(nw.String)
    for reason, holds in reversed(reasons.items()):
        refusal = nw.when(holds).then(nw.lit(reason)).otherwise(refusal)
    return known.with_columns(units=units, refusal=refusal)


def _unread(name: str) -> nw.Expr:
    return (nw.col(name).fill_null("") != "") & nw.col(f"_{name}").is_null()


def _moments(work: Work, known: Frame) -> Frame:
    """Return text, begins, ends: the moments that texts stand for, each looked at once; a day is its whole span."""
    columns = [known.select(text=nw.col(name)) for name in ("available", "expires")]
    texts = work.session.engine.rows(nw.concat(columns).filter(~nw.col("text").is_null()).unique())
    zone = work.programme.brand.zone
    rows = [(text, *_span(text, zone)) for (text,) in texts]
    return work.session.engine.frame({name: [row[at] for row in rows] for at, name in enumerate(_MOMENTS)}, _MOMENTS)


def _span(text: str, zone: str) -> tuple[int | None, int | None]:
    try:
        second = moment(text, zone)
    except UserError:
        return None, None
    try:
        return second, midnight(zone, date.fromisoformat(text), 1)
    except ValueError:
        return second, second


def _lines(work: Work, known: Frame) -> Frame:
    refused = ~nw.col("refusal").is_null()
    time = nw.max_horizontal("second", "begin")
    author = nw.when(nw.col("author").fill_null("") == "").then(nw.lit("")).otherwise(
        nw.concat_str(nw.lit(" ("), nw.col("author").fill_null(""), nw.lit(")"))
    )  # fmt: skip
    proof = nw.concat_str(nw.col("proof").fill_null(""), author)
    rows = known.select(
        "member",
        "incentive",
        "cause",
        item=nw.col("ref").fill_null(""),
        lot=nw.col("cause"),
        kind=nw.when(refused).then(nw.lit("refused")).otherwise(nw.lit("opened")),
        amount=nw.when(refused).then(nw.lit(0, nw.Int64)).otherwise(nw.col("units")),
        cause_kind=nw.lit("event"),
        time=time,
        available=nw.max_horizontal("_available", time),
        expires=nw.col("_expires"),
        reason=nw.when(refused).then(nw.col("refusal")).otherwise(proof),
    )
    shaped = cast_like(rows, {name: kind for name, kind in _LINE.items() if name != "id"})
    return work.session.engine.hashed(shaped, _SAME, "id").select(*_LINE)
