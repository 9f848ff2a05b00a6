"""What is kept of members, by the config: what for, how sensitive, for how long, and where it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from siyu.addresses import needed
from siyu.kinds import Channel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.config.programme import Programme
    from siyu.config.units import Duration
    from siyu.events import EventType

__all__ = ["Kept", "mapped"]

_ERASED = "until the member is erased"
_HERE = "the store"


@frozen
class Kept:
    """One thing that is kept of members.

    Attributes:
        what: Its name.
        where: The table that it is kept in.
        purpose: What it is kept for.
        sensitivity: ``plain``, ``personal`` or ``sensitive``.
        keep: For how long.
        goes: Where it goes.
    """

    what: str
    where: str
    purpose: str
    sensitivity: str
    keep: str
    goes: str


def mapped(programme: Programme, events: Mapping[str, EventType]) -> list[Kept]:
    """Return all that is kept of members: what the config declares, what event types need, ids, addresses, ledgers."""
    return [*_declared(programme), *_needed(events), *_reached(programme), *_derived(programme), *_always()]


def _declared(programme: Programme) -> list[Kept]:
    found = []
    for name, one in programme.attributes.items():
        found.append(Kept(name, "events, members", one.purpose, one.sensitivity, _for(one.keep), _HERE))
    for name, field in programme.fields.items():
        where = f"events ({', '.join(field.events) or 'all types'})"
        found.append(Kept(name, where, field.purpose, field.sensitivity, _for(field.keep), _HERE))
    return found


def _needed(events: Mapping[str, EventType]) -> list[Kept]:
    return [
        Kept(name, f"events ({kind})", purpose, "personal", _ERASED, _HERE)
        for kind, event in sorted(events.items())
        if event.of == "member"
        for name, purpose in event.props.items()
    ]


def _reached(programme: Programme) -> list[Kept]:
    """Return the kinds of addresses, each with the channels that it is handed to."""
    found = []
    for kind in needed(programme):
        names = [one.name for one in programme.of(Channel) if one.address == kind]
        goes = f"channel {', '.join(names)}"
        found.append(Kept(kind, "addresses (encrypted)", "to reach the member", "personal", _ERASED, goes))
    return found


def _derived(programme: Programme) -> list[Kept]:
    purpose = "to decide who is touched, when and with what"
    return [
        Kept(name, "features", purpose, "personal", f"computed anew by each run ({feature.window})", _HERE)
        for name, feature in programme.features.items()
    ]


def _always() -> list[Kept]:
    lawful = "for ever; after an erasure by a number that leads to nobody"
    return [
        Kept("outside ids", "identities (keyed hashes)", "to know a member again", "personal", "for ever", _HERE),
        Kept("events", "events", "to know what a member did", "personal", _ERASED, _HERE),
        Kept("consents", "consents", "to touch nobody without consent, and to prove it", "personal", _ERASED, _HERE),
        Kept("orders", "events, items", "to do business, and because the law asks for it", "personal", lawful, _HERE),
        Kept("ledgers", "grants", "to give what was promised, and to prove it", "personal", lawful, _HERE),
        Kept("touches", "touches, receipts", "to send nothing twice", "personal", lawful, _HERE),
        Kept("suppression list", "suppressions (keyed hashes)", "to leave people alone", "personal", "for ever", _HERE),
        Kept("access log", "accesses", "to know who looked at whom", "personal", "for ever", _HERE),
    ]


def _for(keep: Duration | None) -> str:
    return _ERASED if keep is None else f"{keep}, then purged by a run"
