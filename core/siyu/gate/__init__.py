"""The gate: nothing goes out past it. One rule a file, in the order in which they are asked.

Rules that look at one touch stand before those that count, so that a place is never used by what cannot go out.
"""

from __future__ import annotations

from siyu.gate.age import underage
from siyu.gate.brake import braked
from siyu.gate.caps import capped
from siyu.gate.consent import refused, unknown
from siyu.gate.distance import crowded
from siyu.gate.guard import guarded
from siyu.gate.moment import expired, premature
from siyu.gate.place import foreign, unlisted
from siyu.gate.quiet import quiet
from siyu.gate.rule import Desk, Rule
from siyu.gate.stopped import stopped
from siyu.gate.substance import nobody, wordless
from siyu.gate.suppressed import suppressed
from siyu.gate.tickets import waiting

__all__ = ["PERSONAL", "RULES", "Desk", "Rule"]

RULES = (
    Rule("expired", expired),
    Rule("content", wordless),
    Rule("member", nobody),
    Rule("allow-list", unlisted),
    Rule("environment", foreign),
    Rule("suppressed", suppressed),
    Rule("opt-out", refused),
    Rule("consent", unknown),
    Rule("age", underage),
    Rule("stopped", stopped),
    Rule("tickets", waiting),
    Rule("due", premature),
    Rule("quiet hours", quiet),
    Rule("plugins", guarded),
    Rule("distance", crowded),
    Rule("caps", capped),
    Rule("brake", braked),
)

_PERSONAL = {
    "expired",
    "allow-list",
    "environment",
    "suppressed",
    "opt-out",
    "consent",
    "age",
    "stopped",
    "tickets",
    "quiet hours",
}

PERSONAL = tuple(rule for rule in RULES if rule.name in _PERSONAL)
"""The rules that delivery asks once more, just before it sends."""
