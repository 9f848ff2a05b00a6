"""Entries whose config says where each column of a table stands in what comes in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar, Literal
from zoneinfo import available_timezones

from attrs import Attribute, field, frozen

from siyu.kinds import Entry, doc
from siyu_plugins.entries.mapping import TARGETS

__all__ = ["Column", "Targeted"]

_NAMES = ("member", "id", "time", "place", "staff", "subject", "ref", "amount", "quantity")
# With these somebody begins to deal with the brand; other events are mostly of people who do already.
_BRINGING = ("joined", "followed", "messaged", "ordered", "paid")


@frozen(kw_only=True)
class Column:
    """A column, where plain text would be taken for the value itself."""

    column: str = field(metadata=doc("the column's name, or a template", example="kind"))


@frozen(kw_only=True)
class Targeted(Entry):
    """What entries share that say where the columns of a table stand.

    Attributes:
        place_word: What the places are called where a value can stand.
    """

    place_word: ClassVar[str] = "column"

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
        default="",
        metadata=doc("what the ids belong to; entries that bring the same orders share it; the entry's name"),
    )
    id: str = field(default="", metadata=doc("the event's id there, alone or in a template", example="order_no"))
    member: str = field(
        default="", metadata=doc("the member's identity, a template of kind:value", example="phone:{mobile}")
    )
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
        metadata=doc("where an order's lines have: sku, category, quantity, amount", example={"sku": "product_id"}),
    )

    @zone.validator
    def _check_zone(self, _: Attribute[Any], value: str) -> None:
        if value not in available_timezones():
            raise ValueError(f"'{value}' is no time zone; write it as in Asia/Shanghai")

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
        given = {*self.references, *self.standing}
        missing = [target.name for target in TARGETS[self.table] if target.needed and target.name not in given]
        if missing:
            wanted = " and ".join(f"'{name}'" for name in missing)
            hint = f"say which {self.place_word} has it, or give it in 'defaults'"
            raise ValueError(f"{self.table} need {wanted}: {hint}")

    def facts(self) -> Mapping[str, object]:
        """State whether people become members by what comes in, or are members already."""
        kinds = self.kinds
        bringing = kinds is None or any(kind in _BRINGING for kind in kinds)
        return {"brings_members": self.table == "events" and bringing}

    @property
    def kinds(self) -> Collection[str] | None:
        """The event types that can come in; None for any."""
        return (self.type,) if isinstance(self.type, str) else None

    @property
    def references(self) -> dict[str, str]:
        """What the config refers to, by target; those of props as ``props.NAME``."""
        kind = {"type": self.type.column} if isinstance(self.type, Column) else {}
        own = {name: getattr(self, name) for name in _NAMES if getattr(self, name)}
        props = {f"props.{name}": value for name, value in self.props.items()}
        return {**own, **kind, **self.columns, **props}

    @property
    def standing(self) -> dict[str, str]:
        """What stands for a missing value, by target; the event type of all rows among them."""
        return {**({"type": self.type} if self.type and isinstance(self.type, str) else {}), **self.defaults}

    @property
    def origin(self) -> str:
        """What the ids belong to."""
        return self.source or self.name


def _known(given: Iterable[str], names: Iterable[str]) -> None:
    known = list(names)
    for name in given:
        if name not in known:
            raise ValueError(f"'{name}' is none of {', '.join(known) or 'those given'}")
