"""A first programme: small enough to read in a minute, and complete enough to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from attrs import frozen

from siyu.config.tables import Brand

__all__ = ["CHANNEL", "CONTACTS", "Section", "drafted"]

CHANNEL = "wecom"
"""The channel of a first programme."""

CONTACTS = {"data/contacts.csv": "external_userid,added_at\n"}
"""The file that a first entry of files reads: its header."""

_WORDS = {
    "zh": {
        "welcome": "您好，欢迎成为会员。有什么想了解的，随时回复我。回复 TD 退订。",
        "come-back": "好久不见，来看看这一季的新品吧。回复 TD 退订。",
    },
    "en": {
        "welcome": "Welcome, and thank you for joining. Reply with any question. Reply STOP to end these messages.",
        "come-back": "It has been a while: see what is new this season. Reply STOP to end these messages.",
    },
}


@frozen
class Section:
    """A part of a config: what it is for, and its table of tables."""

    about: str
    tables: Mapping[str, Any]


def drafted(
    brand: Brand, today: date, entries: Mapping[str, Mapping[str, Any]] | None = None, *, simulated: bool = False
) -> list[Section]:
    """Return the sections of a first programme.

    Args:
        brand: The brand.
        today: The first day of its campaigns: what happened before starts nothing.
        entries: Its entries; without them, one of files that are still to be filled.
        simulated: Whether its entry is a made-up audience.
    """
    language = "zh" if brand.currency == "CNY" else "en"
    given = entries or {"audience": _simulated(today)} if simulated else entries or {"contacts": _contacts()}
    own = {"name": brand.name, "zone": brand.zone, "currency": brand.currency}
    return [
        Section("The brand.", {"brand": own}),
        Section("What nothing goes out past: consent, quiet hours, how often.", {"gate": _gate()}),
        Section("What is counted for each member.", {"feature": _features()}),
        Section("Which members are meant, by conditions on what is counted.", {"segment": _segments()}),
        Section("Where members and their events come in.", {"entry": given}),
        Section("What is said.", {"content": {"texts": {"use": "library", "items": _items(language)}}}),
        Section("Who is spoken to, when, and until when.", {"campaign": _campaigns(today)}),
        Section(
            "How it is delivered: into files, for another program to send.",
            {"channel": {CHANNEL: {"use": "outbox", "path": ".siyu/outbox"}}},
        ),
        Section("What is measured.", {"metric": {"repurchase": {"use": "repurchase"}}}),
    ]


def _gate() -> dict[str, Any]:
    return {"quiet": "21:00-09:00", "caps": [{"times": 1, "per": "day"}, {"times": 3, "per": "week"}]}


def _features() -> dict[str, Any]:
    return {
        "orders_90d": {"count": "ordered", "window": "90d"},
        "spend_90d": {"sum": "ordered.amount", "window": "90d"},
    }


def _segments() -> dict[str, str]:
    return {"buyers": "orders_90d >= 1", "lapsed": "days_since('ordered') > 45"}


def _simulated(today: date) -> dict[str, Any]:
    return {"use": "simulate", "members": 200, "from": today - timedelta(60), "days": 90, "channels": [CHANNEL]}


def _contacts() -> dict[str, Any]:
    return {
        "use": "files",
        "files": list(CONTACTS),
        "type": "joined",
        "id": "external_userid",
        "member": "wecom:{external_userid}",
        "time": "added_at",
    }


def _items(language: str) -> dict[str, Any]:
    words: Sequence[tuple[str, str]] = list(_WORDS[language].items())
    return {name: {"kind": "emotion", "text": text} for name, text in words}


def _campaigns(today: date) -> dict[str, Any]:
    return {
        "welcome": {
            "use": "journey",
            "from": today,
            "via": CHANNEL,
            "start": {"event": "joined"},
            "goal": {"event": "ordered", "within": "14d"},
            "steps": [{"id": "hello", "say": "welcome", "latest": "1d"}],
        },
        "win-back": {
            "use": "journey",
            "from": today,
            "via": CHANNEL,
            "holdout": "10%",
            "start": {"segment": "lapsed"},
            "goal": {"event": "ordered", "within": "30d"},
            "steps": [{"id": "hello", "say": "come-back"}],
        },
    }
