"""What a rule of the gate gets and gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import narwhals as nw
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

    from siyu.config.programme import Programme
    from siyu.kinds import Frame
    from siyu.registry import Registry
    from siyu.view import View

__all__ = ["Desk", "Rule", "Ruling", "verdict"]

Ruling: TypeAlias = "Callable[[Desk, Frame], Frame | None]"


@frozen
class Desk:
    """What the gate judges by: the newest log, the config, the plugins."""

    view: View
    programme: Programme
    registry: Registry


@frozen
class Rule:
    """One rule of the gate.

    Attributes:
        name: The rule's name, as in the waterfall of a plan.
        judge: Given the touches still standing (the columns of ``touches``), returns those that may not go out
            now: id, state (``suppressed``, ``held`` or ``expired``), reason; None for none.
    """

    name: str
    judge: Ruling


def verdict(touches: Frame, state: str, reason: str | nw.Expr) -> Frame:
    """Return one verdict for all touches of a frame: id, state, reason."""
    words = nw.lit(reason) if isinstance(reason, str) else reason
    return touches.select("id", state=nw.lit(state), reason=words)
