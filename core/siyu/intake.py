"""What an entry reads with, and what it hands over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol

from attrs import frozen

from siyu.values import Frame

__all__ = ["Batch", "Intake", "Scan"]


@frozen
class Scan:
    """A file read as a frame.

    Attributes:
        rows: One row per row of the file, all its columns as they are (text in CSV), and ``line`` (Int64, from 1).
        rejects: line, reason, raw: the lines that could not be read at all.
    """

    rows: Frame
    rejects: Frame


class Intake(Protocol):
    """What an entry may ask for while it reads.

    Attributes:
        now: The run's moment, in epoch seconds.
        cursor: What the entry's last committed batch left behind; empty at first.
        folder: The brand's folder, that relative paths start from.
    """

    now: int
    cursor: str
    folder: Path

    def sequence(self, count: int) -> Frame:
        """Return a frame of one column, ``index``: 0, 1, … count - 1 (Int64)."""

    def keep(self, frame: Frame) -> Frame:
        """Compute a frame once, for one that is read several times."""

    def scan(self, path: Path, form: Literal["csv", "jsonl", "parquet"]) -> Scan:
        """Read a file as a frame; lines that cannot be read are set apart, none is fatal.

        A column of the file that is named ``line`` becomes ``line_``.

        Raises:
            UserError: The file cannot be opened or is not of that form at all.
        """

    def convert(
        self, frame: Frame, column: str, name: str, to: Literal["moment", "day", "money", "integer", "text"]
    ) -> Frame:
        """Add a column: ``column`` converted, null where the value is not of that type.

        ``moment``: Datetime µs, UTC (text without an offset is UTC, a whole number is epoch seconds); ``day``:
        Date; ``money``: Int64 minor units of the brand's currency from a number or text of major units, rounded
        half away from zero; ``integer``: Int64, from whole numbers only; ``text``: String, trimmed, null where empty.
        """

    def pack(self, frame: Frame, columns: Mapping[str, str], name: str) -> Frame:
        """Add a column of JSON text: an object with one key for each of ``columns`` (key -> column)."""


@frozen(kw_only=True)
class Batch:
    """Rows that an entry read, for one table.

    Columns by table (those that are missing are null; every other column is refused):

    - ``events``: identity (``kind:value``), type, time (Datetime µs, UTC), source, source_id, entry (the entry's
      name where it is null), place, staff, subject, ref, amount, quantity, props. ``source_id`` is the event's id
      there: together with ``source`` it makes a row idempotent; two doors for the same orders share ``source``.
    - ``items``: source, source_id (of the order's event), sku, category, quantity, amount.
    - ``consents``: identity, channel, purpose, state, time, source, proof, basis.
    - ``links``: identity, other (``kind:value``), evidence, time.
    - ``costs``: source, source_id, time, entry, code, campaign, amount.
    - ``prices``: sku, price, from, until (Datetime µs, UTC).

    Attributes:
        rows: The rows. ``line`` (Int64) may be among the columns: a reject then names it.
        table: The log that they belong to.
        rejects: source, line, reason, raw: what could not be made a row.
        cursor: How far the entry has read after this batch; None leaves the cursor as it is.
    """

    rows: Frame
    table: Literal["events", "items", "consents", "links", "costs", "prices"] = "events"
    rejects: Frame | None = None
    cursor: str | None = None
