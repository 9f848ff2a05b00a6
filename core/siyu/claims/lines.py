"""What goes over the claims desk: claims and payments come in, lines of the ledger go out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from siyu.keys import hashed

if TYPE_CHECKING:
    from siyu.claims.purse import Lot

__all__ = ["ANSWERS", "Claim", "Line", "Payment", "answered", "followed", "moved", "restored"]

ANSWERS = ("granted", "reserved", "refused", "waiting", "transferred")
"""The kinds of the lines that answer a claim."""


@frozen
class Claim:
    """One claim, as the log has it.

    Attributes:
        event: The id of its event.
        member: Who asks.
        incentive: What is asked for.
        item: Which item of it.
        request: The client's id.
        second: When it is decided: when it was asked, or when a unit fell back for one that waits.
        quantity: How many.
        to: Whom it is for, of a transfer: the member; 0 for one that nobody knows, None where it does not say.
        code: The code that it carries.
    """

    event: int
    member: int
    incentive: str
    item: str
    request: str
    second: int
    quantity: int = 1
    to: int | None = None
    code: str = ""


@frozen
class Payment:
    """An event ``paid``, which confirms the reservation of the request that it names."""

    event: int
    request: str
    second: int


@frozen
class Line:
    """A line of the ledger: the columns of ``grants``, in their order."""

    id: int
    member: int
    incentive: str
    item: str
    lot: str
    kind: str
    amount: int
    cause_kind: str
    cause: str
    request: str
    time: int
    available: int
    expires: int | None
    reason: str


def answered(
    key: str, claim: Claim, kind: str, amount: int = 0, *, reason: str = "", lot: str = "", expires: int | None = None
) -> Line:
    """Return the line that answers a claim; a claim that waits has one line for that, and one for what became of it."""
    cause = str(claim.event)
    number = hashed(key, claim.incentive, "waiting" if kind == "waiting" else "claim", cause)
    where = (claim.incentive, claim.item, lot)
    return Line(
        number, claim.member, *where, kind, amount, "claim", cause, claim.request, claim.second, claim.second, expires,
        reason,
    )  # fmt: skip


def followed(key: str, held: Line, kind: str, time: int, cause: tuple[str, int], expires: int | None = None) -> Line:
    """Return what became of a reservation: ``confirmed``, or ``released``; ``cause`` is its kind and its id."""
    return evolve(
        held, id=hashed(key, held.incentive, kind, str(held.id)), kind=kind,
        amount=-held.amount if kind == "released" else 0, cause_kind=cause[0], cause=str(cause[1]), time=time,
        available=time, expires=expires, reason="",
    )  # fmt: skip


def moved(key: str, claim: Claim, kind: str, amount: int, lot: Lot, member: int) -> Line:
    """Return a line of a claim on a lot that was there before: it keeps the lot's name, item and moments.

    Args:
        key: The brand's key.
        claim: The claim.
        kind: ``redeemed`` or ``transferred``.
        amount: How much the lot gets; negative for what it gives.
        lot: The lot.
        member: Whose lot gets or gives it.
    """
    cause = str(claim.event)
    number = hashed(key, lot.incentive, kind, "to" if amount > 0 else "from", cause, lot.item, lot.lot)
    since = claim.second if lot.available is None else lot.available
    return Line(
        number, member, lot.incentive, lot.item, lot.lot, kind, amount, "claim", cause, claim.request, claim.second,
        since, lot.expires, "",
    )  # fmt: skip


def restored(key: str, redeemed: Line, held: Line) -> list[Line]:
    """Return the lines that give back what a reservation was paid with; of a lot that has ended, they are expired."""
    time = held.expires or 0
    back = evolve(
        redeemed, id=hashed(key, redeemed.incentive, "restored", str(redeemed.id)), kind="restored",
        amount=-redeemed.amount, cause_kind="expiry", cause=str(held.id), time=time,
    )  # fmt: skip
    if back.expires is None or back.expires > time:
        return [back]
    number, cause = hashed(key, back.incentive, "expired", str(back.id)), str(back.id)
    return [back, evolve(back, id=number, kind="expired", amount=-back.amount, cause_kind="restored", cause=cause)]
