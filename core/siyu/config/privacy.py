"""What a brand may know, and what ends it: declared attributes and fields, and the words that are an opt-out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias
from unicodedata import normalize

from attrs import field, frozen

from siyu.config.units import Duration
from siyu.kinds import doc

if TYPE_CHECKING:
    from attrs import Attribute as Key

__all__ = ["Attribute", "Consent", "Field", "Sensitivity", "folded"]

Sensitivity: TypeAlias = Literal["plain", "personal", "sensitive"]


def _filled(_: object, __: Key[str], value: str) -> None:
    if not value.strip():
        message = "expected a text that is not empty"
        raise ValueError(message)


def _bounded(table: Attribute | Field, _: Key[Sensitivity], value: Sensitivity) -> None:
    if value == "sensitive" and table.keep is None:
        message = "what is sensitive needs 'keep' beside it: for how long it is used, as in keep = \"180d\""
        raise ValueError(message)


def _worded(_: object, __: Key[tuple[str, ...]], value: tuple[str, ...]) -> None:
    for word in value:
        if not folded(word):
            raise ValueError(f"expected words of letters or digits, as in 'TD', not '{word}'")


def folded(word: str) -> tuple[str, ...]:
    """Return the parts of an opt-out word as it is compared: full-width as half-width, lower case, bare."""
    plain = normalize("NFKC", word).casefold()
    return tuple(re.sub(r"^[\W_]+|[\W_]+$", "", plain).split())


_SENSITIVITY = doc("'plain' says nothing of a person, 'sensitive' needs 'keep' and is not shown", example="personal")


@frozen(kw_only=True)
class Attribute:
    """A declared attribute of members: ``[attribute]``."""

    type: Literal["text", "integer", "flag"] = field(metadata=doc("what it holds", example="text"))
    purpose: str = field(validator=_filled, metadata=doc("what it is kept for, as a privacy notice says it"))
    keep: Duration | None = field(
        default=None,
        metadata=doc("how long a value is used after it was declared; for ever by default", example="730d"),
    )
    sensitivity: Sensitivity = field(default="personal", validator=_bounded, metadata=_SENSITIVITY)


@frozen(kw_only=True)
class Field:
    """A declared field of events, a key of their ``props``: ``[field.NAME]``."""

    purpose: str = field(validator=_filled, metadata=doc("what it is kept for, as a privacy notice says it"))
    events: tuple[str, ...] = field(
        default=(),
        metadata={**doc("the types of events that may have it; all by default", example=["viewed"]), "refers": "event"},
    )
    keep: Duration | None = field(
        default=None,
        metadata=doc("how long it is used after the event; for ever by default", example="730d"),
    )
    sensitivity: Sensitivity = field(default="personal", validator=_bounded, metadata=_SENSITIVITY)


@frozen(kw_only=True)
class Consent:
    """How members take their consent back in their own words: ``[consent]``."""

    words: tuple[str, ...] = field(
        default=("R", "T", "TD", "N", "unsubscribe", "stop", "退订", "退訂", "拒收"),
        validator=_worded,
        metadata=doc("a message that is one of these, and nothing else, is an opt-out", example=["TD", "退订"]),
    )
    channels: dict[str, str] = field(
        factory=dict,
        metadata={
            **doc("by entry, the channel that an opt-out there is for; else it is for all", example={"replies": "sms"}),
            "refers": "channel",
        },
    )
