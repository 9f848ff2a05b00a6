"""What a person may order, and of what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.errors import UserError
from siyu.gate.brake import ACTION, TARGET

if TYPE_CHECKING:
    from siyu.config.programme import Programme

__all__ = ["checked"]

_HALTS = ("stop", "resume")


def checked(programme: Programme, target: str, action: str) -> None:
    """Look whether an order means something.

    Raises:
        UserError: The action is none, or its target is not there.
    """
    if action == ACTION:
        known = [TARGET]
    elif action in _HALTS:
        named = [f"{kind}:{one.name}" for kind in ("campaign", "channel") for one in programme.components[kind]]
        known = ["all", *named]
    else:
        raise UserError(f"'{action}' is no order; there are {', '.join((*_HALTS, ACTION))}")
    if target not in known:
        raise UserError(f"there is no '{target}' to {action}; there is {', '.join(known)}")
