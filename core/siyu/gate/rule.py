"""What a rule of the gate gets and gives."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import narwhals as nw
from attrs import frozen

from siyu.gate.said import said
from siyu.gate.spent import quotas, since, spent

if TYPE_CHECKING:
    from collections.abc import Callable

    from siyu.config.limits import Quota
    from siyu.config.programme import Programme
    from siyu.kinds import Frame
    from siyu.registry import Registry
    from siyu.view import View

__all__ = ["CLOSES", "OPENS", "OPTS_OUT", "Desk", "Rule", "Ruling", "verdict"]

OPTS_OUT, OPENS, CLOSES = "unsubscribed", ("complained", "ticket_opened"), "ticket_closed"
"""The events by which people opt out, and those that open a ticket of theirs and close it."""

Ruling: TypeAlias = "Callable[[Desk, Frame], Frame | None]"


@frozen
class Desk:
    """What the gate judges by.

    Attributes:
        view: The newest log.
        programme: The config.
        registry: The plugins.
        among: The recipients of all that is judged: member; None where they are too many to look for them first.
    """

    view: View
    programme: Programme
    registry: Registry
    among: Frame | None = None

    @property
    def quotas(self) -> tuple[Quota, ...]:
        """All caps, and what the platforms of the channels allow."""
        return quotas(self.programme)

    @cached_property
    def spent(self) -> Frame:
        """What was sent before and uses a place: see ``siyu.gate.spent.spent``."""
        return self.view.keep(spent(self.view, since(self.view, self.programme)))

    @cached_property
    def spoken(self) -> bool:
        """Whether anything was ever said about consent."""
        return self.some(self.view.raw["consents"])

    @cached_property
    def said(self) -> Frame:
        """The newest statements about consent: see ``siyu.gate.said.said``."""
        return self.view.keep(said(self.view, self.among))

    @cached_property
    def told(self) -> Frame:
        """What people did that keeps marketing from them, or lets it through again: events of these types."""
        told = self.view.events.filter(nw.col("type").is_in([OPTS_OUT, *OPENS, CLOSES]))
        narrow = told.select("type", "member", "second", "subject", "ref")
        return self.view.keep(narrow if self.among is None else narrow.join(self.among, on="member", how="semi"))

    def some(self, frame: Frame) -> bool:
        """Whether there is any row."""
        return bool(self.view.rows(frame.select(nw.lit(1).alias("one")).head(1)))


@frozen
class Rule:
    """One rule of the gate.

    Attributes:
        name: The rule's name, as in the waterfall of a plan.
        judge: Given touches (the columns of ``touches``), returns those that may not go out now, each once: id, state
            (``suppressed``, ``held`` or ``expired``), reason; None for none. It may name as ``rule`` which rule
            stopped each, where it asks several together.
        counts: Whether it looks at touches together, so that it is asked about those that the rules before it let
            stand; else it looks at each alone, whatever others say of it.
    """

    name: str
    judge: Ruling
    counts: bool = False


def verdict(touches: Frame, state: str, reason: str | nw.Expr) -> Frame:
    """Return one verdict for all touches of a frame: id, state, reason."""
    words = nw.lit(reason) if isinstance(reason, str) else reason
    return touches.select("id", state=nw.lit(state), reason=words)
