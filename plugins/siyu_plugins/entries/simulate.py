"""Simulate: a made-up audience, labelled as such, to try a programme on before it meets people."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.kinds import Batch, Entry, doc
from siyu_plugins.entries.doings import (
    consents,
    costs,
    dealings,
    doings,
    items,
    membership,
    purchases,
    refunds,
    rush,
)
from siyu_plugins.entries.mapping import names_of
from siyu_plugins.entries.people import DOORS, World
from siyu_plugins.entries.surveys import Survey, answers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from siyu.kinds import Frame, Intake

__all__ = ["Rush", "Simulate", "siyu_register_entries"]

_SOURCE = "simulated"
_ORDER = ("second", "source_id", "identity", "channel", "purpose", "sku", "quantity")
_PROFILE = ("region", "zone", "language", "birth_year")


def _positive(_instance: object, attribute: Attribute[Any], value: int) -> None:
    if value < 1:
        raise ValueError(f"expected {attribute.name} of 1 at least, not {value}")


@frozen(kw_only=True)
class Rush:
    """Many who claim one item at once: events ``claimed`` within ten minutes, most of them in the first."""

    incentive: str = field(metadata=doc("the incentive's name", example="gaiwan"))
    item: str = field(metadata=doc("the item of it", example="G01"))
    at: str = field(metadata=doc("the moment when it begins, local", example="2026-11-11T10:00"))
    claims: int = field(default=100, validator=_positive, metadata=doc("how many claims at most"))

    @at.validator
    def _check_at(self, _: Attribute[str], value: str) -> None:
        try:
            datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"expected a moment as text, as in '2026-11-11T10:00', not '{value}'") from None


@frozen(kw_only=True)
class Simulate(Entry):
    """Makes up an audience of a tea brand on WeCom: who joins, answers, talks, buys, brings friends, claims and leaves.

    Every row follows from the seed and the other attributes by arithmetic, so that the same config makes the same
    rows whenever and however often it is read. Of them, only those up to now are read; a later run reads on. Nothing
    in it is real: ``source`` is ``simulated``, and identities (``wecom:simulated-7``), ids, staff, shops and proofs
    say so too.

    Members join by three doors, which stand in ``entry``: wecom (half of them), group and mini-program. Three in ten
    name an earlier member as their inviter (fewer of the first days'), nine in ten consent, one in twenty
    unsubscribes and one in twenty leaves. Of the orders 95 % are paid and received, a fifth of these are rated (1 to
    5) and 8 % refunded, wholly or by one line; of the complaints 95 % are closed within four days. Amounts are in a
    currency of two decimals.
    """

    seed: int = field(default=1, metadata=doc("another seed makes another audience"))
    members: int = field(default=1000, validator=_positive, metadata=doc("how many members join"))
    from_: date = field(metadata=doc("the first day", example=date(2026, 9, 1)))
    days: int = field(default=90, validator=_positive, metadata=doc("in how many days they join and act", unit="days"))
    offset: int = field(default=8, metadata=doc("how far local clocks are ahead of UTC", unit="hours"))
    orders: int = field(default=3, validator=_positive, metadata=doc("orders of a member, on average"))
    doings: int = field(
        default=8, validator=_positive, metadata=doc("views, clicks, messages and the like of a member, on average")
    )
    codes: tuple[str, ...] = field(
        default=("store-poster", "moments-ad", "live-room", "friend"),
        metadata=doc("the channel codes that members come by"),
    )
    channels: tuple[str, ...] = field(default=("wecom",), metadata=doc("the channels that members consent to"))
    claims: tuple[Rush, ...] = field(default=(), metadata=doc("rushes for something limited"))
    surveys: tuple[Survey, ...] = field(default=(), metadata=doc("what members are asked"))

    @codes.validator
    @channels.validator
    def _check_names(self, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
        if not value or not all(value):
            raise ValueError(f"expected at least one name in {attribute.name}")

    @offset.validator
    def _check_offset(self, _: Attribute[int], value: int) -> None:
        if not -23 <= value <= 23:  # noqa: PLR2004 - what datetime takes as an offset
            raise ValueError(f"expected an offset of -23 to 23 hours, not {value}")

    def read(self, intake: Intake) -> Iterable[Batch]:
        """Read what happened since the last read, up to now; the cursor is the last second that was read."""
        since, world = int(intake.cursor or "-1"), self._world
        if since >= intake.now:
            return
        people = world.people(intake)
        orders = world.orders_of(intake, people)
        refunded = refunds(orders, world)
        lines = nw.concat([items(orders, "order"), items(refunded, "id")])
        spent = costs(self._sequence(intake, self.days * len(DOORS) * len(self.codes)), world, DOORS)
        parts: dict[Any, Frame] = {
            "events": self._events(intake, world, people, orders, refunded),
            "items": lines,
            "consents": consents(people, world, self.channels),
            "costs": spent,
        }
        for table, frame in parts.items():
            rows = self._new(intake, frame, since, timed=table != "items")
            yield Batch(rows=rows, table=table, cursor=str(intake.now) if table == "costs" else None)

    @property
    def _zone(self) -> timezone:
        return timezone(timedelta(hours=self.offset))

    @property
    def _world(self) -> World:
        begin = datetime.combine(self.from_, datetime.min.time(), self._zone)
        return World(
            seed=self.seed,
            members=self.members,
            begin=int(begin.timestamp()),
            days=self.days,
            offset=self.offset * 3_600,
            codes=self.codes,
            orders=self.orders,
        )

    def _events(self, intake: Intake, world: World, people: Frame, orders: Frame, refunded: Frame) -> Frame:
        profiled = intake.pack(people, {name: name for name in _PROFILE}, "props")
        parts = [
            membership(profiled),
            doings(world.occasions(intake, people, "doing", self.doings), world),
            purchases(orders, world),
            dealings(refunded),
        ]
        parts += [
            rush(self._sequence(intake, wanted.claims), people, world, wanted, self._second(wanted.at))
            for wanted in self.claims
        ]
        parts += [answers(intake, people, world, wanted) for wanted in self.surveys]
        return nw.concat(parts)

    def _second(self, text: str) -> int:
        found = datetime.fromisoformat(text)
        return int((found if found.tzinfo else found.replace(tzinfo=self._zone)).astimezone(UTC).timestamp())

    @staticmethod
    def _sequence(intake: Intake, count: int) -> Frame:
        return intake.sequence(count).select(number=nw.col("index"))

    @staticmethod
    def _new(intake: Intake, frame: Frame, since: int, *, timed: bool) -> Frame:
        """Return the rows of the time since the last read, in the order in which they happened."""
        fresh = frame.filter(nw.col("second") > since, nw.col("second") <= intake.now)
        columns = names_of(frame)
        order = [name for name in _ORDER if name in columns]
        moved = intake.convert(fresh.sort(*order), "second", "time", "moment") if timed else fresh.sort(*order)
        return (
            moved.with_columns(source=nw.lit(_SOURCE)).drop("second")
            if "source_id" in columns
            else moved.drop("second")
        )


@hookimpl
def siyu_register_entries() -> Mapping[str, type[Entry]]:
    """Register the entry ``simulate``."""
    return {"simulate": Simulate}
