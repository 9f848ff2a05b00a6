"""Webhooks: any signed JSON, whose fields a config maps to events and to other tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.kinds import Batch, Entry, Intake, doc
from siyu_plugins.entries._pushed import Pushed
from siyu_plugins.entries._sheet import Item, Sheet, by_unit, inner, items, of_kinds, within
from siyu_plugins.entries.files import Column
from siyu_plugins.entries.mapping import TARGETS

__all__ = ["Webhook", "siyu_register_entries"]

_NAMES = ("member", "id", "time", "place", "staff", "subject", "ref", "amount", "quantity")
# With these somebody begins to deal with the brand; other events are mostly of people who do already.
_BRINGING = ("joined", "followed", "messaged", "ordered", "paid")


@frozen(kw_only=True)
class Webhook(Pushed):
    """Takes signed JSON that another system posts, an object or a list, and maps its fields to a table.

    A value of the mapping is the path of a field (``customer.phone``, ``items.0.sku``), a path from the message's root
    after a slash (``/shop.id``) where ``rows`` says that the objects stand deeper, or a template of paths such as
    ``phone:{customer.phone}``. An object with a needed value missing (member, time, the id where there is one), or with
    a value that is not of its type, is set apart; the others come in.

    The same message again leaves nothing new: a row is known by ``id``, or by all that it says.

    ```toml
    [entry.shop]
    use = "webhook"
    signature = { secrets = [{ env = "SHOP_SECRET" }], header = "x-shop-hmac", encoding = "base64", timestamp = "" }
    type = { column = "/topic" }
    types = { "orders/paid" = "paid" }
    rows = "order"
    id = "{id}"
    member = "phone:{customer.phone}"
    time = "paid_at"
    amount = "total"
    ```
    """

    rows: str = field(
        default="", metadata=doc("the path of the object or the list of objects; the message itself", example="orders")
    )
    table: Literal["events", "consents", "links", "costs", "prices"] = field(
        default="events", metadata=doc("what the objects are")
    )
    type: Column | str = field(
        default="",
        metadata={
            **doc("the event type of all objects, or { column = … } that has it", example="ordered"),
            "refers": "event",
        },
    )
    types: dict[str, str] = field(
        factory=dict,
        metadata={
            **doc(
                "the event types, by what 'type' holds; objects of another kind are left",
                example={"order.paid": "paid"},
            ),
            "refers": "event",
        },
    )
    source: str = field(
        default="",
        metadata=doc("what the ids belong to; entries that bring the same orders share it; the entry's name"),
    )
    id: str = field(default="", metadata=doc("the event's id there, a path or a template", example="{order_no}"))
    member: str = field(
        default="", metadata=doc("the member's identity, a template of kind:value", example="phone:{mobile}")
    )
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
        factory=dict, metadata=doc("what stands for a missing value, as text", example={"place": "online"})
    )
    lines_at: str = field(default="", metadata=doc("the path of an order's lines in its object", example="items"))
    lines: dict[str, str] = field(
        factory=dict,
        metadata=doc("the fields of a line: sku, category, quantity, amount", example={"sku": "product.code"}),
    )

    @types.validator
    def _check_types(self, _: Attribute[Any], value: Mapping[str, str]) -> None:
        if value and not isinstance(self.type, Column):
            raise ValueError("'types' needs type = { column = … }, the field that says of which kind an object is")

    @columns.validator
    @defaults.validator
    def _check_columns(self, _: Attribute[Any], value: Mapping[str, str]) -> None:
        _known(value, [target.name for target in TARGETS[self.table]])

    @integers.validator
    def _check_integers(self, _: Attribute[Any], value: tuple[str, ...]) -> None:
        _known(value, list(self.props))

    @lines.validator
    def _check_lines(self, _: Attribute[Any], value: Mapping[str, str]) -> None:
        _known(value, [target.name for target in TARGETS["items"]])
        if bool(value) != bool(self.lines_at):
            raise ValueError("expected both 'lines_at', where the lines stand, and 'lines', what is in them")
        if value and not (self.id and self.table == "events"):
            raise ValueError("lines need 'id', which says what event they are of, and the table events")

    def __attrs_post_init__(self) -> None:
        """Look whether everything is there that the table needs."""
        given = {*self._references, *self._defaults}
        missing = [target.name for target in TARGETS[self.table] if target.needed and target.name not in given]
        if missing:
            wanted = " and ".join(f"'{name}'" for name in missing)
            raise ValueError(f"{self.table} need {wanted}: say which field has it, or give it in 'defaults'")

    def facts(self) -> Mapping[str, object]:
        """State whether people become members by what is posted, or are members already."""
        named = [self.type] if isinstance(self.type, str) else self.types.values()
        open_ended = isinstance(self.type, Column) and not self.types
        bringing = open_ended or any(name in _BRINGING for name in named)
        return {"brings_members": self.table == "events" and bringing}

    def mapped(self, messages: Sequence[Any], intake: Intake) -> Iterable[Batch]:
        """Return a batch for each event type, and their lines."""
        objects = items(messages, self.rows)
        if isinstance(self.type, str):
            yield from self._rows(intake, objects, self._defaults)
        elif self.types:
            for kind, some in of_kinds(objects, self.type.column, self.types).items():
                yield from self._rows(intake, some, {**self._defaults, "type": kind})
        else:
            for scores, some in by_unit(objects, self.type.column):
                yield from self._rows(intake, some, self._defaults, scores=scores)

    @property
    def _references(self) -> dict[str, str]:
        """What the config refers to, by target."""
        kind = {"type": self.type.column} if isinstance(self.type, Column) else {}
        own = {name: getattr(self, name) for name in _NAMES if getattr(self, name)}
        props = {f"props.{name}": value for name, value in self.props.items()}
        return {**own, **kind, **self.columns, **props}

    @property
    def _defaults(self) -> dict[str, str]:
        return {**({"type": self.type} if self.type and isinstance(self.type, str) else {}), **self.defaults}

    def _rows(
        self, intake: Intake, objects: Sequence[Item], defaults: Mapping[str, str], *, scores: bool = False
    ) -> Iterable[Batch]:
        references = self._references
        if self.types:
            # What the sender calls it is not what it is called here.
            del references["type"]
        sheet = Sheet(
            source=self._source,
            table=self.table,
            references=references,
            defaults=defaults,
            integers=self.integers,
            scores=scores,
        )
        if objects:
            yield sheet.batch(intake, objects)
        if self.lines:
            yield from (self._lines.batch(intake, lines) for lines in self._turns(objects))

    def _turns(self, objects: Sequence[Item]) -> list[list[Item]]:
        """Return the lines of the orders: of one order that comes several times only once in each list.

        Lines have no id; what tells the same ones again is that those of an order come together.
        """
        seen: Counter[str | None] = Counter()
        turns: list[list[Item]] = []
        for one in objects:
            order = one.text(self.id)
            turns += [[]] if seen[order] == len(turns) else []
            turns[seen[order]] += inner(one, self.lines_at)
            seen[order] += 1
        return [lines for lines in turns if lines]

    @property
    def _lines(self) -> Sheet:
        own = {name: within(reference, "inner") for name, reference in self.lines.items()}
        return Sheet(source=self._source, table="items", references={"id": within(self.id, "outer"), **own})

    @property
    def _source(self) -> str:
        return self.source or self.name


def _known(given: Iterable[str], names: Sequence[str]) -> None:
    for name in given:
        if name not in names:
            raise ValueError(f"'{name}' is none of {', '.join(names) or 'those given'}")


@hookimpl
def siyu_register_entries() -> Mapping[str, type[Entry]]:
    """Register the entry ``webhook``."""
    return {"webhook": Webhook}
