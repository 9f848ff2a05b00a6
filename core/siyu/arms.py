"""Chance without a draw: a universal hash of a member's id, equal on every engine and in Python.

The same salt gives a member the same number for ever, whatever the batch; another salt gives an unrelated one.
"""

from __future__ import annotations

from hashlib import sha256

import narwhals as nw

__all__ = ["SHARES", "arm", "arm_expr", "draw", "drawn"]

SHARES = 10_000
"""How many arms there are: an arm below 2500 is a quarter of the members."""

# A prime below 2^31: a product of two remainders fits into Int64 on every engine.
_PRIME = 2**31 - 1


def arm_expr(member: nw.Expr | str, salt: str) -> nw.Expr:
    """Return the arm of each member, an Int64 from 0 to 9999.

    Args:
        member: The member's id (Int64, not negative), or the column that holds it.
        salt: What the arm is for, as the name of an experiment.
    """
    return draw(member, salt, SHARES)


def arm(member: int, salt: str) -> int:
    """Return the arm of one member: what ``arm_expr`` gives, in plain Python."""
    return drawn(member, salt, SHARES)


def draw(member: nw.Expr | str, salt: str, size: int) -> nw.Expr:
    """Return a number from 0 to ``size`` - 1 for each member (Int64), all about equally often.

    Args:
        member: The member's id (Int64, not negative), or the column that holds it.
        salt: What the number is for.
        size: How many numbers there are, from 1; far below 2^31, or the lower ones come more often.
    """
    expression = nw.col(member) if isinstance(member, str) else member
    factor, term = _coefficients(salt)
    return ((expression.cast(nw.Int64) % _PRIME * factor + term) % _PRIME % size).cast(nw.Int64)


def drawn(member: int, salt: str, size: int) -> int:
    """Return the number of one member: what ``draw`` gives, in plain Python."""
    factor, term = _coefficients(salt)
    return (member % _PRIME * factor + term) % _PRIME % size


def _coefficients(salt: str) -> tuple[int, int]:
    digest = sha256(salt.encode()).digest()
    factor = int.from_bytes(digest[:16], "big") % (_PRIME - 1) + 1
    return factor, int.from_bytes(digest[16:], "big") % _PRIME
