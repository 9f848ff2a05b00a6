"""Who was among those whom an offer is for, as the answers of their claims tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from siyu.claims.desk import Line

if TYPE_CHECKING:
    from collections.abc import Collection

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
        early: The conditions of those with a head start that are no conditions of whom the offers are for: incentive,
            text.
    """

    line: Line | None = None
    early: set[tuple[str, str]] = field(factory=set)

    def of(self, offers: Collection[Offer]) -> None:
        """Learn which condition is for what."""
        heads = {(offer.incentive, offer.term.early.to.text) for offer in offers if offer.term.early}
        self.early |= heads - {(offer.incentive, offer.to.text) for offer in offers if offer.to}

    def __call__(self, condition: Condition) -> Collection[int]:
        """Return the claim's member where its answer shows that the condition was met."""
        if self.line is None:
            return ()
        inside = self.line.reason not in {_BARRED, _NOT_YET}
        if (self.line.incentive, condition.text) in self.early:
            # One who came after the head start got of the other stock, or found that sold out as well.
            inside = self.line.lot.partition(":")[0] == "early" or (inside and self.line.kind == "refused")
        return (self.line.member,) if inside else ()
