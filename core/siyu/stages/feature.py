"""Features of every member, from the events up to now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.features.cells import declared
from siyu.features.upkeep import build, definitions, keep_up

if TYPE_CHECKING:
    from siyu.work import Work

__all__ = ["feature"]


def feature(work: Work) -> None:
    """Bring the declared features up to date, and the last day of every event type that a condition asks for."""
    if work.ticking:
        work.view = work.view.having(features=build(work, declared(work.programme)).state)
        return
    kept = keep_up(work)
    work.state["features"] = kept.state
    if kept.whole:
        work.state["pairs"] = kept.pairs
    else:
        work.merged["pairs"] = (kept.gone, kept.pairs)
    work.folded["features"] = definitions(work)
    work.view = work.view.having(features=kept.state)
