"""Entries that read rows, whose columns a config maps to events and to other tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw
from attrs import Attribute, evolve, field, frozen

from siyu.config.units import Share
from siyu.kinds import Batch, doc
from siyu_plugins.entries._nets import net
from siyu_plugins.entries.mapping import TARGETS, Target, converted, evaluated, names_of
from siyu_plugins.entries.targeted import Targeted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from siyu.kinds import Frame, Intake, Scan

__all__ = ["Mapped"]

_COLUMNS = {"member": "identity", "id": "source_id"}
# What makes an event the same event where there is no id of its own for it.
_KEY = ("member", "type", "time", "place", "subject", "ref", "entry", "code", "campaign", "amount")


@frozen(kw_only=True)
class Mapped(Targeted):
    """What entries share that map columns to a table.

    A value of the mapping is the name of a column, or a template of columns such as ``household:{household_id}``.
    """

    amounts: Literal["net", "gross"] = field(
        default="net", metadata=doc("whether amounts hold the tax; the net value is what is kept")
    )
    tax: Share | None = field(
        default=None, metadata=doc("the tax that gross amounts hold, as a share of the net value", example="13%")
    )
    revises: bool = field(
        default=False,
        metadata=doc("whether a known id with other content is a revision, which counts from then on; else a reject"),
    )

    @tax.validator
    def _check_tax(self, _: Attribute[Any], value: Share | None) -> None:
        if (value is None) != (self.amounts == "net"):
            raise ValueError("gross amounts need 'tax', and net ones have none")

    @revises.validator
    def _check_revises(self, _: Attribute[Any], value: bool) -> None:  # noqa: FBT001 - attrs passes it by place
        if value and not (self.id and self.table == "events"):
            raise ValueError("revisions need 'id', which says what event they are of, and the table events")

    @property
    def references(self) -> dict[str, str]:
        """What the config refers to, by target; those of lines as ``lines.NAME``."""
        return {**super().references, **{f"lines.{name}": value for name, value in self.lines.items()}}

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
        frame = evaluated(intake, scan.rows, {f"={key}": value for key, value in self.references.items()}, where)
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
    def _targets(self) -> list[Target]:
        given = {*self.references, *self.standing}
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
        made = converted(intake, frame, self._targets, self.standing, self.zone)
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
            columns["source"] = nw.lit(self.origin)
            if "id" not in targets:
                good, columns["source_id"] = _keyed(intake, good, [name for name in targets if name in _KEY])
        if self.props:
            packed = {name: f"{':' if name in self.integers else '='}props.{name}" for name in self.props}
            good, columns["props"] = intake.pack(good, packed, ":props"), nw.col(":props")
        return good.select("line", **columns)

    def _items(self, good: Frame) -> Frame:
        columns = {name: nw.col(f":lines.{name}") for name in self.lines}
        return good.select("line", source=nw.lit(self.origin), source_id=nw.col(":id"), **columns)


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
