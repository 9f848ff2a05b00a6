"""What a journey consists of, as the config writes it: a start, steps, a goal."""

from __future__ import annotations

from typing import Any

from attrs import Attribute, field, fields, frozen

from siyu.config.expressions import Condition
from siyu.config.units import DAY, Clock, Duration
from siyu.kinds import doc

__all__ = ["STARTED", "Goal", "Start", "Step", "positive"]

STARTED = "start"
"""The step, and its branch, that records a start by a segment; no step of the config may be called so."""


def positive(_instance: object, attribute: Attribute[Any], value: Duration | None) -> None:
    """Refuse a duration of no length.

    Raises:
        ValueError: The duration is zero.
    """
    if value is not None and not value.seconds:
        message = f"expected {attribute.name} to be longer than '0s', as in '3d'"
        raise ValueError(message)


def _usable(_instance: object, _attribute: Attribute[str], value: str) -> None:
    if not value.strip():
        message = "expected an id of at least one letter, as in 'hello'"
        raise ValueError(message)
    if value == STARTED:
        message = f"the id '{STARTED}' is taken by the record of a start; choose another, as 'hello'"
        raise ValueError(message)


@frozen(kw_only=True)
class Start:
    """What starts a member off: an event, or being found in a segment."""

    event: str = field(
        default="", metadata={**doc("the event that starts a member off", example="joined"), "refers": "event"}
    )
    entry: str = field(default="", metadata=doc("only events that came in there; anywhere by default", example="wecom"))
    subject: str = field(default="", metadata=doc("only events about this; anything by default", example="channel-7"))
    segment: str = field(
        default="", metadata={**doc("the segment whose members start", example="lapsed"), "refers": "segment"}
    )

    def __attrs_post_init__(self) -> None:
        """Refuse a start that is none, or two."""
        if bool(self.event) == bool(self.segment):
            message = 'expected one of event and segment, as in { event = "joined" } or { segment = "lapsed" }'
            raise ValueError(message)
        if self.segment and (self.entry or self.subject):
            message = "entry and subject narrow an event: leave them out beside segment"
            raise ValueError(message)


@frozen(kw_only=True)
class Goal:
    """What ends a journey early, because it has done its work."""

    event: str = field(metadata={**doc("the event that is the goal", example="ordered"), "refers": "event"})
    within: Duration | None = field(
        default=None, validator=positive, metadata=doc("how long after the start it counts; always by default")
    )


@frozen(kw_only=True)
class Step:
    """One step: when it is due, for whom, and what it says."""

    id: str = field(
        validator=_usable, metadata=doc("its permanent name; decisions and touches are kept by it", example="hello")
    )
    say: str = field(metadata={**doc("the content item or slot", example="welcome"), "refers": "content"})
    via: str = field(
        default="", metadata={**doc("the channel; the journey's by default", example="wecom"), "refers": "channel"}
    )
    after: Duration = field(
        default=Duration(0),
        metadata=doc("how long after the step before it, the first after the start; with at, days are the calendar's"),
    )
    at: Clock | None = field(
        default=None, metadata=doc("then the first such time of day, in the brand's zone", example="10:00")
    )
    when: Condition | None = field(
        default=None, metadata=doc("who gets it; all by default", example="not did('ordered')")
    )
    latest: Duration = field(
        default=Duration(3 * DAY),
        validator=positive,
        metadata=doc("how long after its moment it may still be sent", example="20s"),
    )
    offer: str = field(default="", metadata=doc("what is offered with it; nothing by default", example="new-10"))

    @property
    def written(self) -> tuple[str, ...]:
        """All that was written of it, as text."""
        return tuple(str(getattr(self, attribute.name)) for attribute in fields(type(self)))
