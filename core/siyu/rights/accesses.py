"""Who looked at whom: a row for each time that a person's data were shown, handed out, erased or listed."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siyu.work import Work

__all__ = ["access", "whoever"]


def whoever(by: str) -> str:
    """Return who does something: the name that was given, else that of the account that runs the program."""
    if by.strip():
        return by.strip()
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def access(work: Work, member: int, what: str, by: str, reason: str = "") -> None:
    """Stage that somebody did something with a member's data.

    Args:
        work: The pass.
        member: The number that was asked for.
        what: What was done: ``explain``, ``ledger``, ``export``, ``forget``, ``suppress``, ``lift`` or
            ``send-test``.
        by: Who does it; empty for the account that runs the program.
        reason: Why, where it is said.
    """
    row = {"member": member, "what": what, "actor": whoever(by), "reason": reason, "time": work.run.now}
    work.stage("accesses", work.row("accesses", row))
