"""Advice on the content matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.advice.subject import Found, Subject
from siyu.rules.checks import mentions
from siyu.rules.judge import in_force
from siyu.rules.pack import known, read

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["no_opt_out", "promo_only"]

_FEWEST = 3


def no_opt_out(subject: Subject) -> Iterator[Found]:
    """Threshold: a marketing item without any of the words that the rule packs know; none where a pack is in force.

    Who finds no way to refuse blocks the sender, or complains to the platform, which then ends the account.
    """
    rules = subject.programme.rules
    if any(rule.check == "words" for rule in in_force(rules)) or "opt-out-text" in rules.waive:
        return
    words = [
        word
        for pack in known()
        for rule in read(pack).rules.values()
        if rule.check == "words" and isinstance(rule.limit, tuple)
        for word in rule.limit
    ]
    for group in subject.groups:
        if group.facts.get("purpose") == "marketing" and not mentions(group.facts.get("text", ""), words):
            message = "the item does not say how to refuse further messages"
            yield Found((*group.path, "text"), message, "add it, as in 'Reply STOP to end these messages'")


def promo_only(subject: Subject) -> Iterator[Found]:
    """Threshold: of 3 items or more, over two thirds sell.

    Who is only ever sold to stops reading, and buys only at a reduction. The matrix has three themes (educate,
    emotion, promo), so that even an equal mix sells with one item in three; two in three is twice that.
    """
    themes = [(path, theme) for path, theme in subject.stating("theme") if path[0] == "content"]
    promo = [path for path, theme in themes if theme == "promo"]
    if len(themes) >= _FEWEST and 3 * len(promo) > 2 * len(themes):
        message = f"{len(promo)} of {len(themes)} items sell: who is only sold to stops reading"
        yield Found(promo[0][:2], message, "add items of kind 'educate' and 'emotion'", on="key")
