"""Live rooms: who came, how long they stayed, what they wrote and bought."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from siyu import hookimpl
from siyu.kinds import Batch, Entry, Intake, doc
from siyu_plugins.entries._pushed import Pushed
from siyu_plugins.entries._sheet import Sheet, items, of_kinds

__all__ = ["Live", "siyu_register_entries"]

_DEALS = ("ordered", "paid", "refunded")
_KINDS = {
    "enter": "live_entered",
    "leave": "live_left",
    "comment": "commented",
    "order": "ordered",
    "pay": "paid",
}


@frozen(kw_only=True)
class Live(Pushed):
    """Takes what viewers do in a live room: enter, leave, comment, order and pay.

    The program beside the room posts one object, a list, or objects at ``rows``, and signs it (see ``signature``).
    The names of its fields are config:

    ```json
    {"id": "e1", "event": "leave", "live": "live-1111", "openid": "oLive1", "time": 1794362400, "stay": 754}
    ```

    What is said of the room has the room as its ``subject``, and a leaving the seconds that somebody stayed as its
    ``quantity``; an order has its id as its ``ref`` and its value as its ``amount``.
    """

    member: str = field(
        metadata=doc("the viewer's identity, a template of kind:value", example="openid:wx0123456789abcdef/{openid}")
    )
    rows: str = field(
        default="", metadata=doc("the path of the object or the list of objects; the message itself", example="events")
    )
    event: str = field(default="event", metadata=doc("the field that says what happened"))
    kinds: dict[str, str] = field(
        factory=dict,
        metadata={
            **doc(
                "the event types, by what 'event' holds, objects of another kind being left; by default those of "
                "enter, leave, comment, order and pay",
                example=_KINDS,
            ),
            "refers": "event",
        },
    )
    id: str = field(default="id", metadata=doc("the event's id there, a path or a template"))
    time: str = field(default="time", metadata=doc("when it happened; UTC where no offset is written"))
    live: str = field(default="live", metadata=doc("the live room"))
    stay: str = field(default="stay", metadata=doc("how long somebody stayed, in a leaving", unit="seconds"))
    order: str = field(default="order", metadata=doc("the order's id"))
    amount: str = field(default="amount", metadata=doc("the order's value, in major units of the currency"))
    staff: str = field(default="", metadata=doc("the host"))
    source: str = field(
        default="",
        metadata=doc("what the ids belong to; entries that bring the same orders share it; the entry's name"),
    )
    props: dict[str, str] = field(factory=dict, metadata=doc("declared fields of events", example={"text": "comment"}))

    def facts(self) -> Mapping[str, object]:
        """State that people become members by it."""
        return {"brings_members": True}

    def mapped(self, messages: Sequence[Any], intake: Intake) -> Iterable[Batch]:
        """Return a batch for each event type."""
        for kind, some in of_kinds(items(messages, self.rows), self.event, self.kinds or _KINDS).items():
            sheet = Sheet(source=self.source or self.name, references=self._references(kind), defaults={"type": kind})
            yield sheet.batch(intake, some)

    def _references(self, kind: str) -> dict[str, str]:
        """Return where an event of a type has its columns."""
        common = {"member": self.member, "id": self.id, "time": self.time, "staff": self.staff}
        own = {"ref": self.order, "amount": self.amount} if kind in _DEALS else {"subject": self.live}
        stayed = {"quantity": self.stay} if kind == "live_left" else {}
        props = {f"props.{name}": value for name, value in self.props.items()}
        return {name: value for name, value in {**common, **own, **stayed, **props}.items() if value}


@hookimpl
def siyu_register_entries() -> Mapping[str, type[Entry]]:
    """Register the entry ``live``."""
    return {"live": Live}
