"""Advice on goals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.advice.subject import Found, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["undated_goal"]


def undated_goal(subject: Subject) -> Iterator[Found]:
    """Threshold: a goal without ``by``.

    A target without a date is never missed, so nobody has to act on it: the T of SMART is what makes it one.
    """
    for name, goal in subject.programme.goals.items():
        if goal.by is None:
            yield Found(
                ("goal", name), "the goal has no date, so it can never be missed", "say it: by = 2027-06-30", on="key"
            )
