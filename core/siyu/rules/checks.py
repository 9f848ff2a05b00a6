"""The checks that rules are made of: each holds one fact of one table against the rule's limit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from siyu.rules.limits import covers, limit_of, said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from siyu.rules.pack import Rule

__all__ = ["breach", "mentions"]

_SHOWN = 4


def breach(rule: Rule, facts: Mapping[str, Any], currency: str) -> str | None:
    """Say how a table breaks a rule.

    Args:
        rule: The rule.
        facts: The table's facts.
        currency: The brand's currency.

    Returns:
        What is there instead; None where the rule is kept, or does not apply.
    """
    if not _applies(rule, facts):
        return None
    value = facts.get(rule.fact)
    if value is None or value == "":
        return "it is not stated"
    if rule.currency and rule.currency != currency:
        return f"it is {value} {currency}, which cannot be compared with {rule.limit} {rule.currency}"
    return _CHECKS[rule.check](rule, value, limit_of(rule))


def mentions(text: str, words: Iterable[str]) -> bool:
    """Whether a text has one of some words; one in capitals counts only so written, and none within another word."""
    return any(
        re.search(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", text, 0 if word.isupper() else re.IGNORECASE)
        for word in words
    )


def _applies(rule: Rule, facts: Mapping[str, Any]) -> bool:
    if not all(facts.get(name) == value for name, value in rule.when.items()):
        return False
    if any(facts.get(name) in (None, "", *values) for name, values in rule.unless.items()):
        return False
    return bool(rule.when or rule.unless or rule.fact in facts)


def _at_least(_rule: Rule, value: Any, limit: Any) -> str | None:  # noqa: ANN401 - numbers or money
    return f"it is {value}, less than {said(limit)}" if value < limit else None


def _at_most(_rule: Rule, value: Any, limit: Any) -> str | None:  # noqa: ANN401 - numbers or money
    return f"it is {value}, more than {said(limit)}" if value > limit else None


def _covers(_rule: Rule, value: Any, limit: Any) -> str | None:  # noqa: ANN401 - parts of the day
    return None if covers(value, limit) else f"it is {value}, which leaves out a part of {said(limit)}"


def _none_of(_rule: Rule, value: Any, limit: Any) -> str | None:  # noqa: ANN401 - texts
    found = tuple(each for each in ((value,) if isinstance(value, str) else value) if each in limit)
    return f"it has {said(found)}" if found else None


def _not(_rule: Rule, value: Any, _limit: Any) -> str | None:  # noqa: ANN401 - a flag
    return "it is so here" if value else None


def _one_of(_rule: Rule, value: Any, limit: Any) -> str | None:  # noqa: ANN401 - a text
    return None if value in limit else f"it is '{value}'"


def _stated(rule: Rule, value: Any, _limit: Any) -> str | None:  # noqa: ANN401 - a flag or a text
    if value is False:
        return "it is not stated"
    return f"it is '{value}', without {rule.prefix}" if not str(value).startswith(rule.prefix) else None


def _words(_rule: Rule, value: Any, limit: Any) -> str | None:  # noqa: ANN401 - a text
    few = said(limit[:_SHOWN])
    return None if mentions(value, limit) else f"it says none of {few}{' …' if len(limit) > _SHOWN else ''}"


_CHECKS: dict[str, Callable[[Rule, Any, Any], str | None]] = {
    "at-least": _at_least,
    "at-most": _at_most,
    "covers": _covers,
    "none-of": _none_of,
    "not": _not,
    "one-of": _one_of,
    "stated": _stated,
    "words": _words,
}
