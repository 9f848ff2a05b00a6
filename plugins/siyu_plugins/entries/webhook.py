"""Webhooks: any signed JSON, whose fields a config maps to events and to other tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.kinds import Batch, Entry, Intake, doc
from siyu_plugins.entries._pushed import Pushed
from siyu_plugins.entries._sheet import Item, Sheet, by_unit, inner, items, of_kinds, within
from siyu_plugins.entries.targeted import Targeted

__all__ = ["Webhook", "siyu_register_entries"]


@frozen(kw_only=True)
class Webhook(Pushed, Targeted):
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

    place_word: ClassVar[str] = "field"

    rows: str = field(
        default="", metadata=doc("the path of the object or the list of objects; the message itself", example="orders")
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
    lines_at: str = field(default="", metadata=doc("the path of an order's lines in its object", example="items"))

    @types.validator
    def _check_types(self, _: Attribute[Any], value: Mapping[str, str]) -> None:
        if value and isinstance(self.type, str):
            raise ValueError("'types' needs type = { column = … }, the field that says of which kind an object is")

    @lines_at.validator
    def _check_lines_at(self, _: Attribute[Any], value: str) -> None:
        if bool(value) != bool(self.lines):
            raise ValueError("expected both 'lines_at', where the lines stand, and 'lines', what is in them")

    @property
    def kinds(self) -> Collection[str] | None:
        """The event types that can come in; None for any."""
        return tuple(self.types.values()) or super().kinds

    def mapped(self, messages: Sequence[Any], intake: Intake) -> Iterable[Batch]:
        """Return a batch for each event type, and their lines."""
        objects = items(messages, self.rows)
        if isinstance(self.type, str):
            yield from self._rows(intake, objects, self.standing)
        elif self.types:
            for kind, some in of_kinds(objects, self.type.column, self.types).items():
                yield from self._rows(intake, some, {**self.standing, "type": kind})
        else:
            for scores, some in by_unit(objects, self.type.column):
                yield from self._rows(intake, some, self.standing, scores=scores)

    def _rows(
        self, intake: Intake, objects: Sequence[Item], defaults: Mapping[str, str], *, scores: bool = False
    ) -> Iterable[Batch]:
        references = self.references
        if self.types:
            # What the sender calls it is not what it is called here.
            del references["type"]
        sheet = Sheet(
            source=self.origin,
            table=self.table,
            references=references,
            defaults=defaults,
            zone=self.zone,
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
        return Sheet(source=self.origin, table="items", references={"id": within(self.id, "outer"), **own})


@hookimpl
def siyu_register_entries() -> Mapping[str, type[Entry]]:
    """Register the entry ``webhook``."""
    return {"webhook": Webhook}
