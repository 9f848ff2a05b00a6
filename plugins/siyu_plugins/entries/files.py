"""Files: CSV, JSON Lines, Parquet and spreadsheets whose columns a config maps to events and to other tables."""

from __future__ import annotations

import codecs
import json
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.errors import UserError
from siyu.frames import latest
from siyu.kinds import Batch, Scan, doc
from siyu_plugins.entries._marks import Mark
from siyu_plugins.entries._parts import Bad, Part, Reading
from siyu_plugins.entries.mapped import Column, Mapped
from siyu_plugins.entries.mapping import evaluated, names_of
from siyu_plugins.entries.places import form, located

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from siyu.kinds import Entry, Frame, Intake
    from siyu_plugins.entries.places import Source

__all__ = ["Column", "Files", "LookUp", "siyu_register_entries"]


@frozen(kw_only=True)
class LookUp:
    """Files whose columns are added to each row, by a column that both have."""

    files: tuple[str, ...] = field(metadata=doc("the files, as in the entry's own 'files'", example=["products.csv"]))
    on: str = field(metadata=doc("the column that both have; of several rows with one value the last counts"))


@frozen(kw_only=True)
class Files(Mapped):
    """Reads files of CSV, JSON Lines or Parquet, and spreadsheets, and maps their columns to a table.

    A value of the mapping is the name of a column of the file, or a template of them such as
    ``household:{household_id}``. A row with a needed value missing (member, time, the id where there is one), or with
    a value that is not of its type, is set apart with file, line and reason; all others come in.

    CSV and JSON Lines may be compressed (``.gz``, ``.bz2``; ``.zst`` with ``siyu[zstd]``); of a damaged file all lines
    before the damage come in. Spreadsheets (``.xlsx``, ``.xls``, ``.ods``) need ``siyu[excel]``; paths such as
    ``s3://bucket/orders/*.csv`` need ``siyu[fsspec]`` and what it needs for that store.

    A file is read when it is new, and again when its size or its time changes; where lines were only added to one that
    is not compressed, it is read from where it ended. What was read before is known by its id. Without ``id``, rows
    that agree in who, what, when and how much are one and the same.

    With ``lines``, the rows are lines: those with one ``id`` make one event, with the sum of their amounts and
    quantities, the least time, and the least of what else differs. Such rows must stand in one file. Where some of
    them are set apart, the others still make the event.

    ```toml
    [entry.till]
    use = "files"
    files = ["orders/*.csv"]
    type = "ordered"
    id = "order_no"
    member = "phone:{mobile}"
    time = "paid_at"
    ```
    """

    files: tuple[str, ...] = field(
        metadata=doc(
            "paths or globs from the brand's folder; package:NAME/path for a file in an installed package, "
            "PROTOCOL://path for one in an object store",
            example=["orders/*.csv"],
        )
    )
    encoding: str = field(
        default="",
        metadata=doc("what text is in that is neither UTF-8 nor UTF-16; these two are told apart", example="gb18030"),
    )
    sheet: str = field(default="", metadata=doc("which sheet of spreadsheets; the first"))
    growing: bool = field(
        default=False, metadata=doc("whether what follows a file's last line's end waits until the line is whole")
    )
    join: tuple[LookUp, ...] = field(default=(), metadata=doc("files whose columns are added to each row"))

    @files.validator
    def _check_files(self, _: Attribute[Any], value: tuple[str, ...]) -> None:
        if not value or not all(value):
            raise ValueError('expected at least one path or glob, as in ["orders/*.csv"]')

    @encoding.validator
    def _check_encoding(self, _: Attribute[Any], value: str) -> None:
        try:
            name = codecs.lookup(value).name if value else ""
        except LookupError:
            name = "utf"
        if name.startswith("utf"):
            raise ValueError(f"'{value}' is none to name: write it as in gb18030; UTF-8 and UTF-16 are told apart")

    def read(self, intake: Intake) -> Iterable[Batch]:
        """Read the files that are new or changed: one batch a file, and one more for its lines.

        The cursor is JSON: by file, how far it was read.

        Raises:
            UserError: A file or a package is missing, a file cannot be opened, or lacks a column.
        """
        found = located(intake.folder, self.files)
        before = {name: Mark.parse(state) for name, state in json.loads(intake.cursor or "{}").items() if name in found}
        fresh = {name: source for name, source in found.items() if self._changed(source, before.get(name))}
        if not fresh:
            return
        known = {name: mark.plain() for name, mark in before.items() if mark is not None}
        added = [(look, self._looked_up(intake, look)) for look in self.join]
        for name, source in fresh.items():
            # Such rows must stand in one file, so that it is read whole.
            with self._reading(source, whole=bool(self.lines)) as reading:
                part = reading.part(before.get(name))
                known[name] = part.mark.plain()
                yield from self._part(intake, name, part, added, json.dumps(known))

    def _changed(self, source: Source, before: Mark | None) -> bool:
        with self._reading(source) as reading:
            return before is None or not reading.mark.same(before)

    def _reading(self, source: Source, *, whole: bool = False) -> Reading:
        kind = form(source.name)
        return Reading(source, kind, self.encoding, self.sheet, growing=self.growing, whole=whole)

    def _part(
        self, intake: Intake, name: str, part: Part, added: Iterable[tuple[LookUp, Frame]], cursor: str
    ) -> Iterator[Batch]:
        with ExitStack() as stack:
            scan = _scanned(intake, part, stack)
            if part.path is None:
                rejects = scan.rejects.select(nw.lit(name).alias("source"), "line", "reason", "raw")
                yield Batch(rows=scan.rows, table=self.table, rejects=rejects, cursor=cursor)
                return
            where, frame = f"entry '{self.name}': {name}", scan.rows
            for look, columns in added:
                frame = _joined(intake, frame, look.on, columns, where)
            # A look-up leaves the rows in any order.
            yield from self.batches(intake, Scan(frame, scan.rejects), name, cursor, sort=bool(self.join))

    def _looked_up(self, intake: Intake, look: LookUp) -> Frame:
        """Return the columns of a look-up, one row for each value of its key."""
        where = f"entry '{self.name}': {', '.join(look.files)}"
        with ExitStack() as stack:
            frames = []
            for place, source in enumerate(located(intake.folder, look.files).values()):
                part = stack.enter_context(self._reading(source, whole=True)).part(None)
                if part.path is None:
                    raise UserError(f"{where}: {part.bad[0][1]}")
                frames.append(_scanned(intake, part, stack).rows.with_columns(nw.lit(place).alias("=file")))
            try:
                frame = evaluated(intake, nw.concat(frames), {"on": look.on}, where)
            except (TypeError, ValueError):
                raise UserError(f"{where}: these files have different columns; give each a 'join' of its own") from None
            keyed = intake.convert(frame, "on", "=on", "text").filter(~nw.col("=on").is_null())
            return intake.keep(latest(keyed, ["=on"], ["=file", "line"]).drop("on", "=file", "line"))


def _scanned(intake: Intake, part: Part, stack: ExitStack) -> Scan:
    """Read a part: its rows, by the lines of the file that it is of, and what cannot be read."""
    bad = _told(intake, part.bad, stack) if part.bad or part.path is None else None
    if part.path is None:
        assert bad is not None  # noqa: S101 - for mypy
        return Scan(intake.sequence(0).select(line="index"), bad)
    scan = intake.scan(part.path, part.form)
    rows, rejects = (frame.with_columns(nw.col("line") + part.after) for frame in (scan.rows, scan.rejects))
    return Scan(rows, rejects if bad is None else nw.concat([rejects.select("line", "reason", "raw"), bad]))


def _told(intake: Intake, bad: Iterable[Bad], stack: ExitStack) -> Frame:
    """Return what cannot be read as a frame: line, reason, raw."""
    path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="siyu-"))) / "bad.jsonl"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(dict(zip(("at", "reason", "raw"), one, strict=True))) + "\n" for one in bad)
    rows = intake.convert(intake.scan(path, "jsonl").rows, "at", "number", "integer")
    return intake.keep(rows.select("reason", "raw", line="number").select("line", "reason", "raw"))


def _joined(intake: Intake, frame: Frame, on: str, columns: Frame, where: str) -> Frame:
    """Add the columns of a look-up that the rows do not have yet."""
    keyed = intake.convert(evaluated(intake, frame, {"=key": on}, where), "=key", "=on", "text")
    known = {name.lower() for name in names_of(frame)}
    new = [name for name in names_of(columns) if name.lower() not in known and name != "=on"]
    return keyed.join(columns.select("=on", *new), on="=on", how="left").drop("=on", "=key")


@hookimpl
def siyu_register_entries() -> Mapping[str, type[Entry]]:
    """Register the entry ``files``."""
    return {"files": Files}
