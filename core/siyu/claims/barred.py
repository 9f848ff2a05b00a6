"""Why a claim is refused whatever the counters say."""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from siyu.claims.lines import Claim
    from siyu.claims.terms import Offer
    from siyu.config.expressions import Condition

__all__ = ["barred", "early"]


def barred(claim: Claim, offer: Offer | None, entitled: Callable[[Condition], Collection[int]]) -> str:
    """Return the reason for a person, empty where there is none.

    Args:
        claim: The claim.
        offer: What it is for; None where there is no such item.
        entitled: Returns the members who meet a condition.
    """
    if offer is None:
        return "there is no such item"
    return _malformed(claim, offer) or _untimely(claim, offer, entitled) or _unentitled(claim, offer, entitled)


def early(claim: Claim, offer: Offer, entitled: Callable[[Condition], Collection[int]]) -> bool:
    """Return whether a claim has the item's head start."""
    head = offer.term.early
    return head is not None and claim.second >= offer.opens and claim.member in entitled(head.to)


def _malformed(claim: Claim, offer: Offer) -> str:
    if claim.quantity < 1:
        return "the quantity is not a positive number"
    if offer.term.shares is not None and claim.quantity > 1:
        return "one at a time can be had"
    return _unaddressed(claim) if offer.term.transfer else ""


def _unaddressed(claim: Claim) -> str:
    if claim.to is None:
        return "it does not say to whom"
    if not claim.to:
        return "nobody is known by the id of whom it is for"
    return "nobody can give to themselves" if claim.to == claim.member else ""


def _untimely(claim: Claim, offer: Offer, entitled: Callable[[Condition], Collection[int]]) -> str:
    if claim.second >= offer.end:
        return "it is over"
    if claim.second >= offer.begin or early(claim, offer, entitled):
        return ""
    return f"it has not begun; it begins on {offer.begins}"


def _unentitled(claim: Claim, offer: Offer, entitled: Callable[[Condition], Collection[int]]) -> str:
    if offer.to is not None and claim.member not in entitled(offer.to):
        return "the member is not among those whom it is for"
    if not offer.term.code:
        return ""
    if not claim.code.strip():
        return "it takes a code"
    # In constant time: how long a refusal takes must not tell how much of a code is right.
    right = compare_digest(_plain(claim.code), _plain(offer.term.code))
    return "" if right else "the code is not the right one"


def _plain(code: str) -> bytes:
    return code.strip().casefold().encode()
