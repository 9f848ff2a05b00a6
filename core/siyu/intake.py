"""What an entry reads with, and what it hands over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from attrs import frozen
from narwhals.dtypes import DType

from siyu.values import Frame

if TYPE_CHECKING:
    from siyu.view import View

__all__ = ["ArrowStream", "Batch", "BatchTable", "Intake", "Scan"]

BatchTable: TypeAlias = Literal["events", "items", "consents", "links", "addresses", "costs", "prices"]
"""The logs that entries bring rows to."""


@frozen
class Scan:
    """A file read as a frame.

    Attributes:
        rows: One row per row of the file, all its columns as they are (text in CSV), and ``line`` (Int64, from 1).
        rejects: line, reason, raw: the lines that could not be read at all.
    """

    rows: Frame
    rejects: Frame


class ArrowStream(Protocol):
    """Whatever hands over Arrow data: frames of most libraries, and what database drivers fetch."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the stream, by the protocol of Arrow's C interface."""


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

    @property
    def view(self) -> View:
        """What is known by now, for an entry that is told how things are and not what happened.

        Events, follows and groups are those of the log and of what the entry brought before in this pass; tags,
        features and all else are as the last run left them.
        """

    def sequence(self, count: int) -> Frame:
        """Return a frame of one column, ``index``: 0, 1, … count - 1 (Int64)."""

    def frame(self, columns: Mapping[str, Sequence[Any]], schema: Mapping[str, DType]) -> Frame:
        """Return a frame of values by column, all equally many, for what came as one message and not as a file.

        Args:
            columns: The values; a moment is a datetime without a zone, in UTC.
            schema: The type of each column, in the order of the frame's columns.
        """

    def events_of(self, identities: Sequence[str], types: Sequence[str]) -> Frame:
        """Return what the log has of people: identity, type, second, source_id, staff, subject.

        For what a message means by what was said before, as that a new contact is the work of a handover; the entry
        answers the same where the message comes again.

        Args:
            identities: Their outside ids, as this entry writes them; ids that were joined with them are not meant.
            types: The types of the events.
        """

    def keep(self, frame: Frame) -> Frame:
        """Compute a frame once, for one that is read several times."""

    def scan(self, path: Path, form: Literal["csv", "jsonl", "parquet"]) -> Scan:
        """Read a file as a frame; lines that cannot be read are set apart, none is fatal.

        A column of the file that is named ``line`` becomes ``line_``.

        Raises:
            UserError: The file cannot be opened or is not of that form at all.
        """

    def convert(
        self,
        frame: Frame,
        column: str,
        name: str,
        to: Literal["moment", "day", "money", "integer", "text"],
        zone: str = "UTC",
    ) -> Frame:
        """Add a column: ``column`` converted, null where the value is not of that type.

        ``moment``: Datetime µs, UTC (what has no offset is in ``zone``, a whole number is epoch seconds, one of 13
        digits milliseconds); ``day``:
        Date; ``money``: Int64 minor units of the brand's currency from a number or text of major units, rounded
        half away from zero; ``integer``: Int64, from whole numbers only; ``text``: String, trimmed, null where empty.
        """

    def arrow(self, stream: ArrowStream) -> Frame:
        """Return the rows of an Arrow stream as a frame, with ``line``, which numbers them from 1.

        A column of the stream that is named ``line`` becomes ``line_``.
        """

    def pack(self, frame: Frame, columns: Mapping[str, str], name: str) -> Frame:
        """Add a column of JSON text: an object with one key for each of ``columns`` (key -> column)."""


@frozen(kw_only=True)
class Batch:
    """Rows that an entry read, for one table.

    Columns by table (those that are missing are null; every other column is refused):

    - ``events``: identity (``kind:value``), or member (a member's number) where no outside id is at hand, type, time
      (Datetime µs, UTC), source, source_id, entry (the entry's name where it is null), place, staff, subject, ref,
      amount, quantity, props. ``source_id`` is the event's id there: together with ``source`` it makes a row
      idempotent; two doors for the same orders share ``source``.
    - ``items``: source, source_id (of the order's event), sku, category, quantity, amount.
    - ``consents``: identity, channel, purpose, state, time, source, proof, basis.
    - ``links``: identity, other (``kind:value``), evidence, time.
    - ``addresses``: identity, kind, value: where somebody can be reached beside that identity itself, as an
      ``openid``. Only kinds that a channel of the config sends to are kept, see ``Channel.address``.
    - ``costs``: source, source_id, time, entry, code, campaign, amount.
    - ``prices``: sku, price, from, until (Datetime µs, UTC).

    Attributes:
        rows: The rows. ``line`` (Int64) may be among the columns: a reject then names it.
        table: The log that they belong to.
        rejects: source, line, reason, raw: what could not be made a row.
        revises: Whether an event with a known id and other content is a revision, which counts from then on; it is
            refused otherwise. Then the lines that come with it take the place of its earlier ones.
        cursor: How far the entry has read after this batch; None leaves the cursor as it is.
    """

    rows: Frame
    table: BatchTable = "events"
    rejects: Frame | None = None
    revises: bool = False
    cursor: str | None = None
