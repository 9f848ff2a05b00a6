"""What a message is about, by patterns that a config gives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu.kinds import doc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu.kinds import Frame

__all__ = ["CheckIn", "Topic", "checked_in", "topical"]

# Engines differ in what else they know, so only what all of them know is taken.
_ELSEWHERE = re.compile(r"\(\?(?![i:])|\\[1-9]|\\[pPGXhHRKzZ]|[*+?}]\+")


def _pattern(_: object, attribute: Attribute[Any], value: str) -> None:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{attribute.name} is no regular expression: {error}") from None
    if not value or _ELSEWHERE.search(value):
        raise ValueError(
            f"expected a plain regular expression in {attribute.name}, as in '退款|坏了': without look-around, "
            f"references to groups, or properties, not '{value}'"
        )


@frozen(kw_only=True)
class Topic:
    """A topic of messages."""

    topic: str = field(metadata=doc("the topic's name, which becomes the event's subject", example="after-sales"))
    matches: str = field(
        validator=_pattern, metadata=doc("a keyword or a regular expression that is found in the text", example="退款")
    )


@frozen(kw_only=True)
class CheckIn:
    """Words by which members check in."""

    matches: str = field(
        validator=_pattern, metadata=doc("a keyword or a regular expression that is found in the text", example="打卡")
    )
    challenge: str = field(
        default="", metadata=doc("what they check in to, which becomes the event's subject; the group by default")
    )


def topical(messages: Frame, topics: Sequence[Topic]) -> Frame:
    """Put the first topic that fits into ``subject``, by the column ``text``; null where none does."""
    found = nw.lit(None, nw.String())
    for topic in reversed(topics):
        found = nw.when(_says(topic.matches)).then(nw.lit(topic.topic)).otherwise(found)
    return messages.with_columns(subject=found)


def checked_in(messages: Frame, words: Sequence[CheckIn]) -> list[Frame]:
    """Return an event ``checked_in`` for each of the words that a message has.

    Args:
        messages: Events ``messaged``: with ``text``, and the group in ``ref``.
        words: The words.
    """
    return [
        messages.filter(_says(word.matches)).with_columns(
            type=nw.lit("checked_in"),
            subject=nw.lit(word.challenge) if word.challenge else nw.col("ref"),
            source_id=nw.concat_str(nw.col("source_id"), nw.lit(f"-checked-in-{word.challenge}")),
        )
        for word in words
    ]


def _says(pattern: str) -> nw.Expr:
    return nw.col("text").fill_null("").str.contains(pattern)
