"""Codes of one use each, as claims carry them: verified by the brand's key, and each taken once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from siyu.vouchers import Vouchers, label

if TYPE_CHECKING:
    from siyu.claims.lines import Claim, Line
    from siyu.claims.terms import Offer

__all__ = ["Sealed"]

_LOT = "code:"


@define
class Sealed:
    """The codes that were taken, of all items that have codes of one use each.

    Attributes:
        key: The brand's key, that codes are made with.
        taken: The numbers of the codes that were taken, by incentive and item.
    """

    key: str
    taken: dict[tuple[str, str], set[int]] = field(factory=dict)
    _makers: dict[tuple[str, str], Vouchers] = field(factory=dict)

    def refusal(self, claim: Claim, offer: Offer) -> str:
        """Return why a claim is refused for its code, in words for a person; empty where it is not."""
        if not offer.term.codes:
            return ""
        if claim.quantity > 1:
            return "one at a time can be had by a code"
        if not claim.code.strip():
            return "it takes a code"
        number = self._number(claim, offer)
        if number is None:
            return "the code is not the right one"
        return "the code was used before" if number in self.taken.get(offer.key, ()) else ""

    def take(self, claim: Claim, offer: Offer) -> str:
        """Take the code of a claim that is not refused for it; return the lot that is named by it, empty for none."""
        number = self._number(claim, offer) if offer.term.codes else None
        if number is None:
            return ""
        self.taken.setdefault(offer.key, set()).add(number)
        return f"{_LOT}{number}"

    def replay(self, line: Line) -> None:
        """Take the code again that a line of the ledger names."""
        number = line.lot.removeprefix(_LOT)
        if line.lot.startswith(_LOT) and number.isdecimal():
            self.taken.setdefault((line.incentive, line.item), set()).add(int(number))

    def _number(self, claim: Claim, offer: Offer) -> int | None:
        if offer.key not in self._makers:
            self._makers[offer.key] = Vouchers(self.key, label(*offer.key))
        number = self._makers[offer.key].number(claim.code)
        return number if number is not None and number < offer.term.codes else None
