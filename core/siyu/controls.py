"""What a person may order, and of what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.errors import UserError
from siyu.gate.approval import ACTION as APPROVE
from siyu.gate.approval import TARGET as PLAN
from siyu.gate.brake import ACTION, TARGET
from siyu.resending import ACTION as RESEND

if TYPE_CHECKING:
    from siyu.config.programme import Programme

__all__ = ["checked", "named"]

_HALTS = ("stop", "resume")


def named(programme: Programme, name: str) -> str:
    """Return the target that a person means: ``all``, a campaign or a channel, by its name or with its kind before.

    Raises:
        UserError: There is none of that name, or one of each.
    """
    kinds = [kind for kind in ("campaign", "channel") if any(one.name == name for one in programme.components[kind])]
    if len(kinds) > 1:
        raise UserError(f"'{name}' is a campaign and a channel: say campaign:{name} or channel:{name}")
    return f"{kinds[0]}:{name}" if kinds else name


def checked(programme: Programme, target: str, action: str) -> None:
    """Look whether an order means something.

    Raises:
        UserError: The action is none, or its target is not there.
    """
    if action == ACTION:
        known = [TARGET]
    elif action == APPROVE:
        known = [PLAN]
    elif action in _HALTS:
        known = ["all", *_targets(programme, "campaign"), *_targets(programme, "channel")]
    elif action == RESEND:
        known = _targets(programme, "campaign")
    else:
        raise UserError(f"'{action}' is no order; there are {', '.join((*_HALTS, RESEND, APPROVE, ACTION))}")
    if target not in known:
        raise UserError(f"there is no '{target}' to {action}; there is {', '.join(known)}")


def _targets(programme: Programme, kind: str) -> list[str]:
    return [f"{kind}:{one.name}" for one in programme.components[kind]]
