"""Referrals and the events that they rest on, for tests of the incentive alone."""

from __future__ import annotations

from datetime import date
from typing import Any

from siyu.config.units import Duration, Money
from siyu.kinds import Reward
from siyu_plugins.incentives.referral import Counts, Gives, Referral

__all__ = ["DAY", "START", "joined", "kinds", "paid", "referral"]

DAY = 86_400
START = 1_796_083_200


def referral(**more: object) -> Referral:
    counts = Counts(at_least=Money(5000), within=Duration(30 * DAY), settle=Duration(7 * DAY))
    gives = Gives(inviter=(Reward("points", 200),))
    given: dict[str, Any] = {"name": "bring", "from_": date(2026, 12, 1), "counts": counts, "gives": gives, **more}
    return Referral(**given)


def joined(event: int, member: int, by: str | None, *, at: float = 0) -> dict[str, Any]:
    ref = by if by is None or ":" in by else f"wecom:{by}"
    return {"id": event, "type": "joined", "member": member, "at": at, "ref": ref}


def paid(event: int, member: int, amount: int | None = 5000, *, at: float = 1, ref: str | None = "o") -> dict[str, Any]:
    return {"id": event, "type": "paid", "member": member, "at": at, "ref": ref, "amount": amount}


def kinds(rows: list[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    """Return the own lines, without the rewards."""
    return {row for row in rows if row[0] in {"referred", "refused", "held"}}
