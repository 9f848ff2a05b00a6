"""What a rule of the gate gets and gives."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import narwhals as nw
from attrs import frozen

from siyu.gate.spent import quotas, since, spent

if TYPE_CHECKING:
    from collections.abc import Callable

    from siyu.config.limits import Quota
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

    @property
    def quotas(self) -> tuple[Quota, ...]:
        """All caps, and what the platforms of the channels allow."""
        return quotas(self.programme)

    @cached_property
    def spent(self) -> Frame:
        """What was sent before and uses a place: see ``siyu.gate.spent.spent``."""
        return self.view.keep(spent(self.view, since(self.view, self.programme)))


@frozen
class Rule:
    """One rule of the gate.

    Attributes:
        name: The rule's name, as in the waterfall of a plan.
        judge: Given the touches still standing (the columns of ``touches``), returns those that may not go out
            now: id, state (``suppressed``, ``held`` or ``expired``), reason; None for none. It may name as ``rule``
            which rule stopped each, where it asks several together.
        whole: Whether it is given all columns of ``touches``; else those that the rules of the core look at.
    """

    name: str
    judge: Ruling
    whole: bool = False


def verdict(touches: Frame, state: str, reason: str | nw.Expr) -> Frame:
    """Return one verdict for all touches of a frame: id, state, reason."""
    words = nw.lit(reason) if isinstance(reason, str) else reason
    return touches.select("id", state=nw.lit(state), reason=words)
