"""The lots that pay for claims, as they were at any place of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
from attrs import define, field

from siyu.claims.purse import Lot
from siyu.ledger.facts import BY_CLAIMS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from siyu.view import View

__all__ = ["Wallet"]

_COLUMNS = ["incentive", "member", "seq", "item", "lot", "kind", "amount", "available", "expires"]


@define
class Wallet:
    """The lines of the members that claim anything, in the ledgers that pay.

    Attributes:
        lines: The lines by ledger and member, in the order of the log.
        decided: Up to which ``seq`` the lines of claims count.
        settled: Up to which ``seq``, not included, all other lines count.
    """

    lines: dict[tuple[str, int], list[tuple[Any, ...]]] = field(factory=dict)
    decided: int = 0
    settled: int = 0

    @classmethod
    def of(cls, view: View, ledgers: Collection[str]) -> Wallet:
        """Return the lines in some ledgers, of all who claim anything."""
        found = cls()
        if not ledgers:
            return found
        asking = view.claims.select("member").unique()
        lines = view.grants.filter(nw.col("incentive").is_in(sorted(ledgers))).join(asking, on="member", how="semi")
        for row in view.rows(lines.sort("seq").select(*_COLUMNS)):
            found.lines.setdefault(row[:2], []).append(row[2:])
        return found

    def lots(self, wanted: Collection[tuple[str, int]]) -> Iterator[Lot]:
        """Yield the lots of ledgers and members, as ``Books.lots`` does."""
        for ledger, member in wanted:
            lots: dict[tuple[str, str], Lot] = {}
            for row in self.lines.get((ledger, member), ()):
                if self._counts(row[0], row[3]):
                    name = (row[1] or "", row[2] or "")
                    _add(lots.setdefault(name, Lot(ledger, member, *name, 0, None, None)), *row[3:])
            yield from (lot for lot in lots.values() if lot.left)

    def _counts(self, seq: int, kind: str) -> bool:
        return seq <= self.decided if kind in BY_CLAIMS else seq < self.settled


def _add(lot: Lot, kind: str, amount: int, available: int | None, expires: int | None) -> None:
    lot.left += amount
    # A line that adds to a lot says when it can be used; a reserved one does so when it is confirmed.
    if kind == "confirmed" or (amount > 0 and kind != "reserved"):
        lot.available = min((one for one in (lot.available, available) if one is not None), default=None)
        lot.expires = min((one for one in (lot.expires, expires) if one is not None), default=None)
