"""What the core asks of an engine beyond narwhals: to keep a frame, to hand out rows, to take rows in.

A store brings its engine; ``siyu.testing`` brings one over Polars. Plugins see none of this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from siyu.kinds import Frame
    from siyu.tables import Schema

__all__ = ["Engine"]


class Engine(Protocol):
    """The few operations that no portable expression covers.

    Attributes:
        versions: How many keys the brand has had: more than one after its key was changed.
    """

    versions: int

    def keep(self, frame: Frame, number: str = "", *, ordered: bool = False) -> Frame:
        """Compute a frame once and return a frame over the result, for as long as the pass lasts.

        Args:
            frame: The rows.
            number: A column to add that numbers them from 1 in the order in which they stand (Int64).
            ordered: Whether the rows stand as they stood, as the lines of a file; else only where they are sorted.
        """

    def rows(self, frame: Frame) -> list[tuple[Any, ...]]:
        """Return all rows as Python tuples, in the frame's order of columns. For small or final results."""

    def size(self, frame: Frame) -> int:
        """Return the number of rows, at no price where the frame was kept in a table."""

    def some(self, frame: Frame) -> bool:
        """Return whether there are any rows, at no price where the frame was kept in a table."""

    def frame(self, columns: Mapping[str, Sequence[Any]], schema: Schema) -> Frame:
        """Return a frame of the given columns, cast to the schema, which names every column."""

    def fields(self, frame: Frame, column: str, schema: Schema) -> Frame:
        """Add one column for each name of the schema, read from a column of JSON text; null where absent.

        A value that is not of the schema's type is null.
        """

    def picked(self, frame: Frame, column: str, kind: str, names: Mapping[str, Collection[str]]) -> Frame:
        """Keep of a column of JSON objects only the keys that are named for a row's kind; of other kinds none.

        A text of which nothing is dropped stays as it is; one of which nothing is kept, or that is no object, becomes
        null.

        Args:
            frame: The rows.
            column: The column of JSON text.
            kind: The column of texts that tells which names are meant.
            names: The names of the keys that stay, by kind.

        Returns:
            The frame with ``dropped`` (Int64, how many keys were dropped) and ``dropped_names`` (what they are, sorted
            and joined by a comma; null for none). A text that is no object counts as one, without a name.
        """

    def hashed(self, frame: Frame, columns: Sequence[str], name: str, version: int = 0) -> Frame:
        """Add a column of ids: the keyed hash of the columns' texts joined with ``|`` (see ``siyu.keys``).

        ``version`` says by which of the brand's keys: facts have their ids by the first for ever, outside ids by the
        one that was the newest when they came first, see ``siyu.identities.named``.
        """

    def numbered(self, frame: Frame, name: str) -> Frame:
        """Add a column that numbers the rows from 1 in the order in which they stand (Int64)."""

    def seconds(self, frame: Frame, column: str, name: str) -> Frame:
        """Add a column of epoch seconds (Int64, rounded down) from one of moments (Datetime, UTC)."""
