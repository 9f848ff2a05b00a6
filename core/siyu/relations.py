"""The tables of a store as frames, each made where it is first asked for: a pass needs few of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from siyu.kinds import Frame

__all__ = ["Tables"]


class Tables(Mapping[str, "Frame"]):
    """Frames by the names of tables."""

    def __init__(self, make: Callable[[str], Frame], names: Collection[str]) -> None:
        """Make the frames of these names by a function, once each."""
        self._make = make
        self._names = names
        self._made: dict[str, Frame] = {}
        self._given: dict[str, Frame] = {}

    def __getitem__(self, name: str) -> Frame:
        """Return the frame of a table."""
        if name in self._given:
            return self._given[name]
        if name not in self._made and name in self._names:
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(self._names)

    def __len__(self) -> int:
        """Return how many tables there are."""
        return len(self._names)

    def __or__(self, given: Mapping[str, Frame]) -> Tables:
        """Return the same tables with some replaced; what is made of the others is made for both."""
        found = Tables(self._make, self._names)
        found._made = self._made
        found._given = {**self._given, **given}
        return found
