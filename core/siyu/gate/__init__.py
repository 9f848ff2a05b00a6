"""The gate: nothing goes out past it. One rule a file, in the order in which they are asked.

Rules that look at one touch stand before those that count, so that a place is never used by what cannot go out.
"""

from __future__ import annotations

from siyu.gate.age import underage
from siyu.gate.approval import unapproved
from siyu.gate.border import abroad
from siyu.gate.brake import braked
from siyu.gate.consent import refused, unknown
from siyu.gate.guard import guarded
from siyu.gate.load import loaded
from siyu.gate.moment import expired, premature
from siyu.gate.openings import closed
from siyu.gate.personal import personalised
from siyu.gate.place import foreign, unlisted
from siyu.gate.places import placed
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
    Rule("personalised", personalised),
    Rule("region", abroad),
    Rule("age", underage),
    Rule("stopped", stopped),
    Rule("tickets", waiting),
    Rule("due", premature),
    Rule("quiet hours", quiet),
    Rule("openings", closed),
    Rule("plugins", guarded, counts=True),
    Rule("limits", placed, counts=True),
    Rule("load", loaded, counts=True),
    Rule("approval", unapproved, counts=True),
    Rule("brake", braked, counts=True),
)

_PERSONAL = {
    *(
        "expired",
        "allow-list",
        "environment",
        "suppressed",
        "opt-out",
        "consent",
        "personalised",
        "region",
        "age",
        "stopped",
    ),
    *("tickets", "quiet hours", "openings"),
}

PERSONAL = tuple(rule for rule in RULES if rule.name in _PERSONAL)
"""The rules that delivery asks once more, just before it sends."""
