"""Segments: named conditions, each evaluated once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siyu.work import Work

__all__ = ["segment"]


def segment(work: Work) -> None:
    """Evaluate the segments in an order in which each one finds those that it names."""
    for name, condition in work.programme.segments.items():
        work.progress(f"segment.{name}")
        work.view = work.view.having(segments={name: work.keep(work.view.matching(condition))})
