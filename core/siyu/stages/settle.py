"""Grants: what claims get and what facts earn, settled by the one writer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siyu.claims.writer import GrantWriter
    from siyu.work import Work

__all__ = ["settle"]


def settle(work: Work, grants: GrantWriter, *, shared: bool) -> None:
    """Settle all incentives in the order of what gives what."""
    lines = grants.settle(work, shared=shared)
    work.results["grants"] = lines
    work.count("grants", lines)
