"""The one order of things that name each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["CycleError", "topological"]


class CycleError(ValueError):
    """Things that name each other in a circle.

    Attributes:
        cycle: Their names, each naming the next; the last is the first again.
    """

    def __init__(self, cycle: list[str]) -> None:
        """Keep the names; the message shows the circle."""
        self.cycle = cycle
        super().__init__(f"a circle: {' -> '.join(cycle)}")


def topological(after: Mapping[str, Collection[str]]) -> list[str]:
    """Return the names so that each comes after those that it waits for; ties go by name.

    Args:
        after: For each name, the names that come before it; those that are no key are left out.

    Raises:
        CycleError: Names wait for each other in a circle.
    """
    waits = {name: {other for other in others if other in after} for name, others in after.items()}
    order: list[str] = []
    while waits:
        ready = sorted(name for name, others in waits.items() if not others)
        if not ready:
            raise CycleError(_cycle(waits))
        first = ready[0]
        del waits[first]
        order.append(first)
        for others in waits.values():
            others.discard(first)
    return order


def _cycle(waits: Mapping[str, Collection[str]]) -> list[str]:
    """Follow the least name from any that waits until one comes again."""
    path = [min(waits)]
    while path.count(path[-1]) == 1:
        path.append(min(waits[path[-1]]))
    return path[path.index(path[-1]) :]
