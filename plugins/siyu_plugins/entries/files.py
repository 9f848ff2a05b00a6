"""Files: CSV, JSON Lines and Parquet files whose columns a config maps to events and to other tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw
from attrs import Attribute, evolve, field, frozen

from siyu import hookimpl
from siyu.errors import UserError
from siyu.frames import latest
from siyu.kinds import Batch, Entry, doc
from siyu_plugins.entries.mapping import TARGETS, Target, converted, evaluated, names_of
from siyu_plugins.entries.places import form, located

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from siyu.kinds import Frame, Intake, Scan

__all__ = ["Column", "Files", "LookUp", "siyu_register_entries"]

_COLUMNS = {"member": "identity", "id": "source_id"}
_EXAMPLE = "household:{household_id}"
# With these somebody begins to deal with the brand; other events are mostly of people who do already.
_BRINGING = ("joined", "followed", "messaged", "ordered", "paid")
# What makes an event the same event where the file has no id of its own for it.
_KEY = ("member", "type", "time", "place", "subject", "ref", "entry", "code", "campaign", "amount")


@frozen(kw_only=True)
class Column:
    """A column of the file, where plain text would be taken for the value itself."""

    column: str = field(metadata=doc("the column's name, or a template", example="kind"))


@frozen(kw_only=True)
class LookUp:
    """Files whose columns are added to each row, by a column that both have."""

    files: tuple[str, ...] = field(metadata=doc("the files, as in the entry's own 'files'", example=["products.csv"]))
    on: str = field(metadata=doc("the column that both have; of several rows with one value the last counts"))


@frozen(kw_only=True)
class Files(Entry):
    """Reads files of CSV, JSON Lines or Parquet, and maps their columns to a table.

    A value of the mapping is the name of a column of the file, or a template of them such as
    ``household:{household_id}``. A row with a needed value missing (member, time, the id where there is one), or with
    a value that is not of its type, is set apart with file, line and reason; all others come in.

    A file is read when it is new, and again when its size or its time changes: what was read before is then known by
    its id. Without ``id``, rows that agree in who, what, when and how much are one and the same.

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
            "paths or globs from the brand's folder; package:NAME/path for a file in an installed package",
            example=["orders/*.csv"],
        )
    )
    table: Literal["events", "consents", "links", "costs", "prices"] = field(
        default="events", metadata=doc("what the rows are")
    )
    type: Column | str = field(
        default="",
        metadata={
            **doc("the event type of all rows, or { column = … } that has it", example="ordered"),
            "refers": "event",
        },
    )
    source: str = field(
        default="", metadata=doc("what the ids belong to; entries that read the same orders share it; the entry's name")
    )
    id: str = field(default="", metadata=doc("the event's id there, a column or a template", example="basket_id"))
    member: str = field(default="", metadata=doc("the member's identity, a template of kind:value", example=_EXAMPLE))
    time: str = field(default="", metadata=doc("when it happened; UTC where no offset is written"))
    place: str = field(default="", metadata=doc("the store or place"))
    staff: str = field(default="", metadata=doc("the staff member"))
    subject: str = field(default="", metadata=doc("what it is about, as the event type says"))
    ref: str = field(default="", metadata=doc("what it is tied to, as the event type says"))
    amount: str = field(default="", metadata=doc("how much, in major units of the currency"))
    quantity: str = field(default="", metadata=doc("how many, whole numbers"))
    columns: dict[str, str] = field(
        factory=dict, metadata=doc("further columns of the table", example={"channel": "medium"})
    )
    props: dict[str, str] = field(
        factory=dict, metadata=doc("declared attributes and fields of events", example={"income": "income_band"})
    )
    integers: tuple[str, ...] = field(default=(), metadata=doc("the props that are whole numbers"))
    defaults: dict[str, str] = field(
        factory=dict, metadata=doc("what stands for a missing value, as text", example={"time": "2017-01-01"})
    )
    lines: dict[str, str] = field(
        factory=dict,
        metadata=doc("the columns of an order's lines: sku, category, quantity, amount", example={"sku": "product_id"}),
    )
    join: tuple[LookUp, ...] = field(default=(), metadata=doc("files whose columns are added to each row"))

    @files.validator
    def _check_files(self, _: Attribute[Any], value: tuple[str, ...]) -> None:
        if not value or not all(value):
            raise ValueError('expected at least one path or glob, as in ["orders/*.csv"]')

    @lines.validator
    def _check_lines(self, _: Attribute[Any], value: Mapping[str, str]) -> None:
        _known(value, [target.name for target in TARGETS["items"]])
        if value and not (self.id and self.table == "events"):
            raise ValueError("lines need 'id', which says what event they are of, and the table events")

    @columns.validator
    @defaults.validator
    def _check_columns(self, _: Attribute[Any], value: Mapping[str, str]) -> None:
        _known(value, [target.name for target in TARGETS[self.table]])

    @integers.validator
    def _check_integers(self, _: Attribute[Any], value: tuple[str, ...]) -> None:
        _known(value, list(self.props))

    def __attrs_post_init__(self) -> None:
        """Look whether everything is there that the table needs."""
        given = {*self._references, *self._defaults}
        missing = [target.name for target in TARGETS[self.table] if target.needed and target.name not in given]
        if missing:
            wanted = " and ".join(f"'{name}'" for name in missing)
            raise ValueError(f"{self.table} need {wanted}: say which column has it, or give it in 'defaults'")

    def facts(self) -> Mapping[str, object]:
        """State whether people become members by what the files hold, or are members already."""
        return {"brings_members": self.table == "events" and (isinstance(self.type, Column) or self.type in _BRINGING)}

    def read(self, intake: Intake) -> Iterable[Batch]:
        """Read the files that are new or changed: one batch a file, and one more for its lines.

        The cursor is JSON: by file, its size in bytes and its time in nanoseconds.

        Raises:
            UserError: A file or a package is missing, a file cannot be opened, or lacks a column.
        """
        found = located(intake.folder, self.files)
        read = {name: state for name, state in json.loads(intake.cursor or "{}").items() if name in found}
        fresh = {name: path for name, path in found.items() if read.get(name) != _state(path)}
        if not fresh:
            return
        added = [(look, self._looked_up(intake, look)) for look in self.join]
        for name, path in fresh.items():
            read[name] = _state(path)
            yield from self._batches(intake, name, path, added, json.dumps(read))

    @property
    def _references(self) -> dict[str, str]:
        """What the config refers to, by target."""
        names = ("member", "id", "time", "place", "staff", "subject", "ref", "amount", "quantity")
        kind = {"type": self.type.column} if isinstance(self.type, Column) else {}
        own = {name: getattr(self, name) for name in names if getattr(self, name)}
        lines = {f"lines.{name}": value for name, value in self.lines.items()}
        props = {f"props.{name}": value for name, value in self.props.items()}
        return {**own, **kind, **self.columns, **lines, **props}

    @property
    def _defaults(self) -> dict[str, str]:
        return {**({"type": self.type} if self.type and isinstance(self.type, str) else {}), **self.defaults}

    @property
    def _targets(self) -> list[Target]:
        given = {*self._references, *self._defaults}
        own = [target for target in TARGETS[self.table] if target.name in given]
        lines = [evolve(target, name=f"lines.{target.name}") for target in TARGETS["items"]]
        whole = [Target(f"props.{name}", "integer") for name in self.integers]
        return [*map(self._own, own), *(line for line in lines if line.name in given), *whole]

    def _own(self, target: Target) -> Target:
        if target.name == "id":
            return evolve(target, needed=True)
        # The amount of a rating is its score.
        return evolve(target, to="integer") if (target.name, self.type) == ("amount", "rated") else target

    def _looked_up(self, intake: Intake, look: LookUp) -> Frame:
        """Return the columns of a look-up, one row for each value of its key."""
        scans = [intake.scan(path, form(name)) for name, path in located(intake.folder, look.files).items()]
        frames = [scan.rows.with_columns(nw.lit(place).alias("=file")) for place, scan in enumerate(scans)]
        where = f"entry '{self.name}': {', '.join(look.files)}"
        try:
            frame = evaluated(intake, nw.concat(frames), {"on": look.on}, where)
        except (TypeError, ValueError):
            raise UserError(f"{where}: these files have different columns; give each a 'join' of its own") from None
        keyed = intake.convert(frame, "on", "=on", "text").filter(~nw.col("=on").is_null())
        return latest(keyed, ["=on"], ["=file", "line"]).drop("on", "=file", "line")

    def _batches(
        self, intake: Intake, name: str, path: Path, added: Iterable[tuple[LookUp, Frame]], cursor: str
    ) -> Iterable[Batch]:
        scan = intake.scan(path, form(name))
        where = f"entry '{self.name}': {name}"
        frame = scan.rows
        for look, columns in added:
            frame = _joined(intake, frame, look.on, columns, where)
        frame = evaluated(intake, frame, {f"={key}": value for key, value in self._references.items()}, where)
        mapped = self._mapped(intake, frame)
        rejects = _rejects(intake, scan, mapped, name)
        good = mapped.filter(nw.col(":reason").is_null())
        rows = self._rows(intake, good)
        if not self.lines:
            yield Batch(rows=rows, table=self.table, rejects=rejects, cursor=cursor)
            return
        yield Batch(rows=_grouped(rows), rejects=rejects)
        yield Batch(rows=self._items(good), table="items", cursor=cursor)

    def _mapped(self, intake: Intake, frame: Frame) -> Frame:
        """Return ``line``, ``:reason`` and what the table's columns are made of, computed once."""
        made = converted(intake, frame, self._targets, self._defaults)
        columns = [f":{target.name}" for target in self._targets]
        props = [f"=props.{name}" for name in self.props if name not in self.integers]
        return intake.keep(made.select("line", ":reason", *columns, *props))

    def _rows(self, intake: Intake, good: Frame) -> Frame:
        """Return the columns of the table, and ``line``."""
        targets = [target.name for target in self._targets if "." not in target.name]
        columns = {_COLUMNS.get(name, name): nw.col(f":{name}") for name in targets}
        if self.table in ("events", "costs"):
            columns["source"] = nw.lit(self.source or self.name)
            if "id" not in targets:
                good, columns["source_id"] = _keyed(intake, good, [name for name in targets if name in _KEY])
        if self.props:
            packed = {name: f"{':' if name in self.integers else '='}props.{name}" for name in self.props}
            good, columns["props"] = intake.pack(good, packed, ":props"), nw.col(":props")
        made = good.select("line", **columns)
        # A look-up leaves the rows in any order.
        return made.sort("line") if self.join else made

    def _items(self, good: Frame) -> Frame:
        columns = {name: nw.col(f":lines.{name}") for name in self.lines}
        return good.select("line", source=nw.lit(self.source or self.name), source_id=nw.col(":id"), **columns)


def _known(given: Iterable[str], names: Iterable[str]) -> None:
    known = list(names)
    for name in given:
        if name not in known:
            raise ValueError(f"'{name}' is none of {', '.join(known) or 'those given'}")


def _state(path: Path) -> list[int]:
    about = path.stat()
    return [about.st_size, about.st_mtime_ns]


def _joined(intake: Intake, frame: Frame, on: str, columns: Frame, where: str) -> Frame:
    """Add the columns of a look-up that the rows do not have yet."""
    keyed = intake.convert(evaluated(intake, frame, {"=key": on}, where), "=key", "=on", "text")
    known = {name.lower() for name in names_of(frame)}
    new = [name for name in names_of(columns) if name.lower() not in known and name != "=on"]
    return keyed.join(columns.select("=on", *new), on="=on", how="left").drop("=on", "=key")


def _keyed(intake: Intake, frame: Frame, names: Iterable[str]) -> tuple[Frame, nw.Expr]:
    """Return the rows and an id for each, made of what it says."""
    texts = []
    for name in names:
        frame = intake.convert(frame, f":{name}", f":text {name}", "text")
        texts.append(nw.col(f":text {name}").fill_null(""))
    return frame, nw.concat_str(*texts, separator="|")


def _grouped(rows: Frame) -> Frame:
    """Make one event of the rows that have one id."""
    sums = ("amount", "quantity")
    names = [name for name in names_of(rows) if name not in ("source", "source_id")]
    least = [nw.col(name).min() for name in names if name not in sums]
    added = [nw.col(name).sum().cast(nw.Int64) for name in names if name in sums]
    return rows.group_by("source", "source_id").agg(*least, *added).sort("line")


def _rejects(intake: Intake, scan: Scan, mapped: Frame, name: str) -> Frame:
    own = {column: column for column in names_of(scan.rows) if column != "line"}
    bad = mapped.filter(~nw.col(":reason").is_null()).select("line", ":reason")
    packed = intake.pack(scan.rows.join(bad, on="line", how="inner"), own, "=raw")
    failed = packed.select("line", reason=nw.col(":reason"), raw=nw.col("=raw"))
    both = nw.concat([scan.rejects.select("line", "reason", "raw"), failed])
    return both.select(nw.lit(name).alias("source"), "line", "reason", "raw")


@hookimpl
def siyu_register_entries() -> Mapping[str, type[Entry]]:
    """Register the entry ``files``."""
    return {"files": Files}
