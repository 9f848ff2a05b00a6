"""The pieces of advice by name, and the silencing of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.config._words import closest, listed

if TYPE_CHECKING:
    from siyu.config._build import Builder
    from siyu.config.tables import Advice

__all__ = ["NAMES", "check_silence"]

NAMES = {
    "caps-above-channel": "the caps allow more than a channel's platform does",
    "changed-step": "a step that members have been through has another id",
    "little-time": "the quiet hours leave little of the day",
    "no-holdout": "no campaign keeps a holdout",
    "no-opt-out": "a marketing item does not say how to refuse",
    "promo-only": "nearly all content sells",
    "single-entry": "members come in by one entry only",
    "too-many-rules": "more rules or steps than a member can follow",
    "undated-goal": "a goal without a date",
    "unserved-segment": "nothing is done for members of high value",
}
"""What each piece of advice is about."""


def check_silence(builder: Builder, advice: Advice) -> None:
    """Note a problem for each piece that is silenced without a reason, and for what is no piece of advice."""
    for name, reason in advice.silence.items():
        path = ("advice", "silence", name)
        if name not in NAMES:
            hint = closest(name, NAMES) or listed(NAMES)
            builder.problem(path, f"no advice '{name}'", hint=hint, on="key")
        elif not reason.strip():
            builder.problem(path, "silencing advice needs a reason", hint="say why it does not hold here")
