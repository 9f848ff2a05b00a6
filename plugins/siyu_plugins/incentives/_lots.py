"""What is left of lots: what expires of them, what debts there are, and which lots pay them."""

from __future__ import annotations

import narwhals as nw
from attrs import frozen

from siyu import View
from siyu.frames import total
from siyu.kinds import Frame
from siyu_plugins.incentives._rows import lines

__all__ = ["Books", "left_of"]

_LOT = ["member", "item", "lot"]
_NONE = nw.lit(0, nw.Int64)


def left_of(ledger: Frame) -> Frame:
    """Return what is left of each lot: member, item, lot, amount, since, available, expires, last (its last line)."""
    given = nw.col("amount") > 0
    moments = {name: nw.when(given).then(nw.col(name)) for name in ("time", "available", "expires")}
    marked = ledger.with_columns(**{f"_{name}": moment for name, moment in moments.items()})
    return marked.group_by(*_LOT).agg(
        total("amount"),
        since=nw.col("_time").min(),
        available=nw.col("_available").min(),
        expires=nw.col("_expires").max(),
        last=nw.col("time").max(),
    )


@frozen
class Books:
    """A ledger with the lines that are being added to it.

    Attributes:
        view: The view.
        stored: The lines that are in the ledger.
        new: Lines that facts add to it, before debts are paid and lots expire.
    """

    view: View
    stored: Frame
    new: Frame

    def closed(self, owed: Frame | None) -> Frame:
        """Return the lines by which lots pay debts, and those by which the rest of lots expires by now.

        A lot that is new in this pass may yet be refused by a limit or a budget, so that it pays in the next one; of
        members who are still in debt it does not expire before.

        Args:
            owed: What refunds could not take back of their own lots: member, want, time, amount; None for nothing.
        """
        books = lines(nw.concat([self.stored, self.new]))
        debts = self.view.keep(_debts(books))
        wants = [debts.select("member", "want", "time", "amount")]
        wants += [] if owed is None else [owed.select("member", "want", "time", "amount")]
        asked = self.view.keep(nw.concat(wants))
        if not self.view.rows(asked.head(1)):  # portable: only whether anybody is in debt, to stop early
            return self._expired(books, asked.select("member"))
        old = left_of(books).join(self.stored.select(*_LOT).unique(), on=_LOT, how="semi")
        drawn = self.view.drawn(asked, old.filter(nw.col("amount") > 0))
        paid = drawn.group_by("member", "want", "item", "lot").agg(total("amount"), nw.col("time").max())
        payments = nw.concat([self._clawed(paid), *self._covered(paid, debts)])
        return nw.concat([payments, self._expired(nw.concat([books, payments]), _uncovered(asked, paid))])

    def _clawed(self, paid: Frame) -> Frame:
        """Return what lots pay of refunds that could not be taken back of their own lot."""
        own = self.stored.filter(nw.col("cause_kind") == "debt").group_by("request").agg(n=nw.len().cast(nw.Int64))
        counted = paid.filter(~nw.col("want").str.starts_with("-")).join(
            own, left_on="want", right_on="request", how="left"
        )
        cause = nw.concat_str("want", nw.lit(":"), nw.col("n").fill_null(0).cast(nw.String))
        return _lined(counted, "reversed", cause, -nw.col("amount"), request=nw.col("want"))

    def _covered(self, paid: Frame, debts: Frame) -> tuple[Frame, Frame]:
        """Return what lots pay of lots that are in debt, and what those get: both sum to nothing."""
        before = self.stored.filter(nw.col("kind") == "covered").group_by(*_LOT).agg(n=nw.len().cast(nw.Int64))
        known = debts.select(*_LOT, "want").unique().join(before, on=_LOT, how="left")
        named = known.select("member", "want", "n", own_item="item", own_lot="lot")
        both = paid.join(named, on=["member", "want"], how="inner")
        number = nw.col("n").fill_null(0).cast(nw.String)
        cause = nw.concat_str("want", nw.lit("<"), "item", nw.lit("/"), "lot", nw.lit(":"), number)
        marked = both.with_columns(cause=cause)
        given = marked.drop("item", "lot").rename({"own_item": "item", "own_lot": "lot"})
        return (
            _lined(marked, "covered", nw.col("cause"), -nw.col("amount")),
            _lined(given, "covered", nw.col("cause"), nw.col("amount")),
        )

    def _expired(self, books: Frame, uncovered: Frame) -> Frame:
        over = left_of(books).filter(nw.col("amount") > 0, nw.col("expires") <= self.view.now)
        waiting = over.join(uncovered, on="member", how="semi")
        waiting = waiting.join(self.stored.select(*_LOT).unique(), on=_LOT, how="anti")
        before = self.stored.filter(nw.col("kind") == "expired").group_by(*_LOT).agg(n=nw.len().cast(nw.Int64))
        counted = over.join(waiting, on=_LOT, how="anti").join(before, on=_LOT, how="left")
        again = nw.concat_str("lot", nw.lit(":"), nw.col("n").cast(nw.String))
        cause = nw.when(nw.col("n").is_null()).then(nw.col("lot")).otherwise(again)
        dated = counted.with_columns(time=nw.max_horizontal("expires", "last"), cause=cause)
        return _lined(dated.drop("expires"), "expired", nw.col("cause"), -nw.col("amount"), cause_kind=nw.lit("lot"))


def _lined(rows: Frame, kind: str, cause: nw.Expr, amount: nw.Expr, **more: nw.Expr) -> Frame:
    given = {"kind": nw.lit(kind), "cause_kind": nw.lit("debt"), "cause": cause, "amount": amount, **more}
    return lines(rows.with_columns(**given).with_columns(available=nw.col("time")))


def _debts(books: Frame) -> Frame:
    """Return member, item, lot, want, time, amount: what of a lot is in debt, and since when; the oldest is paid first.

    Args:
        books: Lines with time and amount.
    """
    sums = books.group_by(*_LOT).agg(left=total("amount")).filter(nw.col("left") < 0)
    rows = books.join(sums, on=_LOT, how="inner").with_columns(falling=-nw.col("amount"))
    order = ["time", "falling", "kind", "cause_kind", "cause"]
    upto = nw.col("amount").cum_sum().over(*_LOT, order_by=order).cast(nw.Int64)
    short = rows.with_columns(upto=upto).with_columns(
        short=nw.max_horizontal(-nw.col("upto"), _NONE),
        before=nw.max_horizontal(nw.col("amount") - nw.col("upto"), _NONE),
    )
    made = short.with_columns(made=nw.max_horizontal(nw.col("short") - nw.col("before"), _NONE))
    so_far = nw.col("made").cum_sum().over(*_LOT, order_by=order).cast(nw.Int64)
    open_ = made.with_columns(so_far=so_far, all=total("made").over(*_LOT)).with_columns(
        rest=nw.col("so_far") - nw.col("all") - nw.col("left")
    )
    debts = open_.filter(nw.col("rest") > 0, nw.col("made") > 0)
    return debts.select(
        *_LOT,
        "time",
        amount=nw.min_horizontal("rest", "made"),
        want=nw.concat_str(nw.lit("-"), "item", nw.lit("/"), "lot"),
    )


def _uncovered(asked: Frame, paid: Frame) -> Frame:
    """Return the members who stay in debt: member."""
    wanted = asked.group_by("member").agg(wanted=total("amount"))
    got = paid.group_by("member").agg(got=total("amount"))
    both = wanted.join(got, on="member", how="left")
    return both.filter(nw.col("wanted") > nw.col("got").fill_null(0)).select("member")
