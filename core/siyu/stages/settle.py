"""Grants: what claims get and what facts earn, settled by the one writer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.claims.ahead import Earnings

if TYPE_CHECKING:
    from siyu.claims.writer import GrantWriter
    from siyu.work import Work

__all__ = ["settle", "settle_ahead"]


def settle_ahead(work: Work, since: int) -> Earnings:
    """Settle what facts earn on the pass's snapshot, whose last ``seq`` is given, while claims go on."""
    work.progress("settle")
    return Earnings.ahead(work, since)


def settle(work: Work, grants: GrantWriter, ahead: Earnings, *, shared: bool) -> None:
    """Settle the claims that wait, and of all incentives, in the order of what gives what, what is not settled yet."""
    lines = grants.settle(work, shared=shared, ahead=ahead)
    work.results["grants"] = lines
    work.count("grants", lines)
