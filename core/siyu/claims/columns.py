"""New lines of the ledger by column, as they are written: most lines of a large batch are alike but for who asked."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from attrs import define, field

from siyu.claims.earned import LINE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from siyu.claims.lines import Line

__all__ = ["Columns", "values"]

values = attrgetter(*LINE)
"""Returns a line's values, in the order of the ledger's columns."""


@define
class Columns:
    """Lines, in their order.

    Attributes:
        of: The values of each column, by its name.
    """

    of: dict[str, list[Any]] = field(factory=lambda: {name: [] for name in LINE})

    def __len__(self) -> int:
        """Return how many lines there are."""
        return len(self.of["id"])

    def add(self, lines: Iterable[Line]) -> None:
        """Put lines after these."""
        columns = self.of.values()
        for line in lines:
            for column, value in zip(columns, values(line), strict=True):
                column.append(value)

    def add_alike(self, line: Line, own: Mapping[str, list[Any]]) -> None:
        """Put lines after these that are all as ``line`` but for the columns that they have of their own."""
        count = len(own["id"])
        for name, column in self.of.items():
            column.extend(own[name] if name in own else [getattr(line, name)] * count)
