"""Limits of rules: read as the fact that they bound, and compared for tightness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siyu.config._words import shown
from siyu.config.units import DAY, ClockRange, Money
from siyu.rules.facts import FACTS

if TYPE_CHECKING:
    from siyu.rules.pack import Rule

__all__ = ["covers", "limit_of", "looser", "parsed", "said"]


def parsed(rule: Rule, written: object) -> Any:  # noqa: ANN401 - as the fact that it bounds
    """Read a limit of a rule: a number, money, a part of the day, or several texts.

    Raises:
        ValueError: It is not of the kind of the rule's own.
    """
    kind = FACTS[rule.fact].takes
    if kind is Money:
        return Money.parse(written)
    if kind is ClockRange:
        return ClockRange.parse(written)
    if kind is int:
        if type(written) is not int:
            message = f"expected a whole number, as in {rule.limit}, not {shown(written)}"
            raise ValueError(message)
        return written
    if not isinstance(written, tuple) or not written or not all(each.strip() for each in written):
        first = rule.limit[0] if isinstance(rule.limit, tuple) else ""
        message = f"expected a list of texts, as in ['{first}'], not {shown(written)}"
        raise ValueError(message)
    return written


def limit_of(rule: Rule) -> Any:  # noqa: ANN401 - as parsed
    """Return a rule's limit; None where its check has none."""
    return None if rule.limit is None else parsed(rule, rule.limit)


def looser(rule: Rule, new: Any) -> str:  # noqa: ANN401 - as parsed
    """Say what a limit would have to be, where it allows anything that the rule's own does not; else nothing."""
    old = limit_of(rule)
    if rule.check == "at-most":
        return "" if new <= old else f"{said(old)} or less"
    if rule.check == "at-least":
        return "" if new >= old else f"{said(old)} or more"
    if rule.check == "covers":
        return "" if covers(new, old) else f"a part of the day that covers {said(old)}"
    if rule.check == "none-of":
        return "" if set(new) >= set(old) else f"all of {said(old)}, and more"
    return "" if set(new) <= set(old) else f"some of {said(old)}, and nothing else"


def covers(outer: ClockRange, inner: ClockRange) -> bool:
    """Whether a part of the day lies within another; either may go over midnight."""
    gap = (inner.start - outer.start) % DAY
    return gap + (inner.end - inner.start) % DAY <= (outer.end - outer.start) % DAY


def said(limit: object) -> str:
    """Say a limit in words."""
    return ", ".join(f"'{each}'" for each in limit) if isinstance(limit, tuple) else str(limit)
