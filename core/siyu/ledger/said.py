"""Who was among those whom an offer is for, as the answers of their claims tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from siyu.claims.desk import Line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from siyu.claims.terms import Offer
    from siyu.config.expressions import Condition

__all__ = ["Said"]

_BARRED = "the member is not among those whom it is for"
_NOT_YET = "it has not begun"


@define
class Said:
    """Answers whether a claim's member met a condition: the answer of the claim that is decided shows it.

    Who met it at that moment is known no more: segments are as of the last run.

    Attributes:
        line: The answer of the claim; None where it has none.
        early: The texts of the conditions of those with a head start.
        general: The texts of the conditions of those whom offers are for.
    """

    line: Line | None = None
    early: set[str] = field(factory=set)
    general: set[str] = field(factory=set)

    def of(self, offers: Iterable[Offer]) -> None:
        """Learn which condition is for what."""
        for offer in offers:
            self.general |= {offer.to.text} if offer.to else set()
            self.early |= {offer.term.early.to.text} if offer.term.early else set()

    def __call__(self, condition: Condition) -> Collection[int]:
        """Return the claim's member where its answer shows that the condition was met."""
        if self.line is None:
            return ()
        inside = self.line.reason not in {_BARRED, _NOT_YET}
        if condition.text in self.early - self.general:
            # One who came after the head start got of the other stock, or found that sold out as well.
            inside = self.line.lot == "early" or (inside and self.line.kind == "refused")
        return (self.line.member,) if inside else ()
