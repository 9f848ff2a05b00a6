"""Entries whose columns a config maps to events and to other tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import available_timezones

import narwhals as nw
from attrs import Attribute, evolve, field, frozen

from siyu.config.units import Share
from siyu.kinds import Batch, Entry, doc
from siyu_plugins.entries._nets import net
from siyu_plugins.entries.mapping import TARGETS, Target, converted, evaluated, names_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from siyu.kinds import Frame, Intake, Scan

__all__ = ["Column", "Mapped"]

_COLUMNS = {"member": "identity", "id": "source_id"}
_EXAMPLE = "household:{household_id}"
# With these somebody begins to deal with the brand; other events are mostly of people who do already.
_BRINGING = ("joined", "followed", "messaged", "ordered", "paid")
# What makes an event the same event where there is no id of its own for it.
_KEY = ("member", "type", "time", "place", "subject", "ref", "entry", "code", "campaign", "amount")


@frozen(kw_only=True)
class Column:
    """A column, where plain text would be taken for the value itself."""

    column: str = field(metadata=doc("the column's name, or a template", example="kind"))


@frozen(kw_only=True)
class Mapped(Entry):
    """What entries share that map columns to a table.

    A value of the mapping is the name of a column, or a template of columns such as ``household:{household_id}``.
    """

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
    time: str = field(default="", metadata=doc("when it happened"))
    zone: str = field(
        default="UTC",
        metadata=doc("where the clocks are that moments without an offset were read from", example="Asia/Shanghai"),
    )
    place: str = field(default="", metadata=doc("the store or place"))
    staff: str = field(default="", metadata=doc("the staff member"))
    subject: str = field(default="", metadata=doc("what it is about, as the event type says"))
    ref: str = field(default="", metadata=doc("what it is tied to, as the event type says"))
    amount: str = field(default="", metadata=doc("how much, in major units of the currency"))
    amounts: Literal["net", "gross"] = field(
        default="net", metadata=doc("whether amounts hold the tax; the net value is what is kept")
    )
    tax: Share | None = field(
        default=None, metadata=doc("the tax that gross amounts hold, as a share of the net value", example="13%")
    )
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
    revises: bool = field(
        default=False,
        metadata=doc("whether a known id with other content is a revision, which counts from then on; else a reject"),
    )

    @zone.validator
    def _check_zone(self, _: Attribute[Any], value: str) -> None:
        if value not in available_timezones():
            raise ValueError(f"'{value}' is no time zone; write it as in Asia/Shanghai")

    @tax.validator
    def _check_tax(self, _: Attribute[Any], value: Share | None) -> None:
        if (value is None) != (self.amounts == "net"):
            raise ValueError("gross amounts need 'tax', and net ones have none")

    @lines.validator
    def _check_lines(self, _: Attribute[Any], value: Mapping[str, str]) -> None:
        _known(value, [target.name for target in TARGETS["items"]])
        if value and not (self.id and self.table == "events"):
            raise ValueError("lines need 'id', which says what event they are of, and the table events")

    @revises.validator
    def _check_revises(self, _: Attribute[Any], value: bool) -> None:  # noqa: FBT001 - attrs passes it by place
        if value and not (self.id and self.table == "events"):
            raise ValueError("revisions need 'id', which says what event they are of, and the table events")

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
        """State whether people become members by what comes in, or are members already."""
        return {"brings_members": self.table == "events" and (isinstance(self.type, Column) or self.type in _BRINGING)}

    def batches(self, intake: Intake, scan: Scan, name: str, cursor: str, *, sort: bool = False) -> Iterator[Batch]:
        """Map rows to batches: one, and one more for their lines.

        Args:
            intake: Converts.
            scan: The rows.
            name: What they are from; a reject names it.
            cursor: How far the entry has read with them.
            sort: Whether the rows are in any order.

        Raises:
            UserError: The mapping names a column that is not there.
        """
        where = f"entry '{self.name}': {name}"
        frame = evaluated(intake, scan.rows, {f"={key}": value for key, value in self._references.items()}, where)
        mapped = self._made(intake, frame)
        rejects = _rejects(intake, scan, mapped, name)
        good = mapped.filter(nw.col(":reason").is_null())
        rows = self._rows(intake, good)
        rows = rows.sort("line") if sort else rows
        if not self.lines:
            yield Batch(rows=rows, table=self.table, rejects=rejects, revises=self.revises, cursor=cursor)
            return
        yield Batch(rows=_grouped(rows), rejects=rejects, revises=self.revises)
        yield Batch(rows=self._items(good), table="items", revises=self.revises, cursor=cursor)

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

    def _made(self, intake: Intake, frame: Frame) -> Frame:
        """Return ``line``, ``:reason`` and what the table's columns are made of, computed once."""
        made = converted(intake, frame, self._targets, self._defaults, self.zone)
        if self.tax is not None:
            money = [f":{one.name}" for one in self._targets if one.to == "money" and one.name.endswith("amount")]
            made = made.with_columns(*(net(name, self.tax).alias(name) for name in money))
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
        return good.select("line", **columns)

    def _items(self, good: Frame) -> Frame:
        columns = {name: nw.col(f":lines.{name}") for name in self.lines}
        return good.select("line", source=nw.lit(self.source or self.name), source_id=nw.col(":id"), **columns)


def _known(given: Iterable[str], names: Iterable[str]) -> None:
    known = list(names)
    for name in given:
        if name not in known:
            raise ValueError(f"'{name}' is none of {', '.join(known) or 'those given'}")


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
