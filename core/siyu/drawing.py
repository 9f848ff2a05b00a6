"""Lots that are drawn on in order: what is wanted of members, out of what they have, each lot in its own time.

Whoever owes is asked in the order of time, and each lot can be taken while it lasts; so what is taken does not depend
on when one looks. It is a fold, and reads the members of whom something is wanted alone: they are few.
"""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import define

from siyu.frames import cast_like

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from siyu.engine import Engine
    from siyu.kinds import Frame
    from siyu.tables import Schema

__all__ = ["drawn"]

_WANT: Schema = {"member": nw.Int64(), "want": nw.String(), "time": nw.Int64(), "amount": nw.Int64()}
_LOT: Schema = {
    "member": nw.Int64(),
    "item": nw.String(),
    "lot": nw.String(),
    "since": nw.Int64(),
    "available": nw.Int64(),
    "expires": nw.Int64(),
    "amount": nw.Int64(),
}
_TAKEN: Schema = {
    **{name: _WANT[name] for name in ("member", "want")},
    **{name: _LOT[name] for name in ("item", "lot")},
    **{name: _WANT[name] for name in ("amount", "time")},
}
_NEVER = 2**63 - 1


@define
class _Want:
    member: int
    want: str
    since: int
    left: int


@define
class _Lot:
    member: int
    item: str
    lot: str
    since: int
    available: int
    expires: int
    left: int

    @property
    def order(self) -> tuple[int, int, str, str]:
        return self.expires, self.available, self.lot, self.item


def drawn(wants: Frame, lots: Frame, engine: Engine) -> Frame:
    """Draw what is wanted of members out of their lots: the earliest want first, out of the lot that ends first.

    What no lot covers stays open, and is drawn on the lots that come after, in the order in which they come.

    Args:
        wants: member (Int64), want (String, its name), time (Int64 second, since when), amount (Int64, above 0).
        lots: member (Int64), item, lot (Strings), since (Int64 second, when it came), available, expires (Int64
            seconds, null for at once and for never), amount (Int64, what is left of it, above 0). A lot that is not
            available yet is drawn on too, one that has expired before it is wanted is not.
        engine: What hands out the rows and takes those that come of it.

    Returns:
        member, want, item, lot, amount (Int64, above 0), time (Int64 second, when both were there).
    """
    asked = [_Want(*row) for row in engine.rows(cast_like(wants, _WANT).sort("member", "time", "want"))]
    rows: list[tuple[object, ...]] = []
    if asked:
        held = _held(wants, lots, engine)
        for member, own in groupby(asked, key=attrgetter("member")):
            rows += _paid([*own], held.get(member, []))
    columns = zip(*rows, strict=True) if rows else ([] for _ in _TAKEN)
    return engine.frame(dict(zip(_TAKEN, (list(column) for column in columns), strict=True)), _TAKEN)


def _held(wants: Frame, lots: Frame, engine: Engine) -> dict[int, list[_Lot]]:
    """Return the lots of those of whom something is wanted, by member."""
    own = lots.join(wants.select("member").unique(), on="member", how="semi")
    filled = own.with_columns(nw.col("expires").fill_null(_NEVER), nw.coalesce("available", "since").alias("available"))
    rows = engine.rows(cast_like(filled, _LOT).sort("member"))
    return {member: [_Lot(*row) for row in each] for member, each in groupby(rows, key=itemgetter(0))}


def _paid(wants: Sequence[_Want], lots: Sequence[_Lot]) -> Iterator[tuple[object, ...]]:
    """Yield what one member's lots pay, moment by moment."""
    for time in sorted({*(want.since for want in wants), *(lot.since for lot in lots)}):
        there = sorted((lot for lot in lots if lot.since <= time < lot.expires and lot.left), key=attrgetter("order"))
        for want in (one for one in wants if one.since <= time and one.left):
            for lot in (one for one in there if one.left):
                amount = min(want.left, lot.left)
                if not amount:
                    break
                want.left, lot.left = want.left - amount, lot.left - amount
                yield want.member, want.want, lot.item, lot.lot, amount, time
