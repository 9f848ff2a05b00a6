"""A sequence of steps that each member goes through in their own time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import Attribute, field, frozen

from siyu.config.units import Duration
from siyu.hooks import hookimpl
from siyu.kinds import Campaign, Frame, doc
from siyu_plugins.campaigns._passage import Passage
from siyu_plugins.campaigns._route import Goal, Start, Step, positive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.view import View

__all__ = ["Journey", "siyu_register_campaigns"]


@frozen(kw_only=True)
class Journey(Campaign):
    """Leads each member through steps, from a start of their own to a goal.

    A member starts with an event, or when a run finds them in a segment. Each step has a nominal moment, counted from
    the start; the first run at or after it decides the step, once and for good, and the decision is recorded:

    - ``goal``: the member had reached the goal by the nominal moment; nothing more is sent;
    - ``late``: no run came by in time, ``latest`` after the nominal moment;
    - ``send`` or ``skip``: the step's ``when`` holds, or does not.

    They are asked in this order. What a member did, for the goal and in ``when``, is judged at the nominal moment and
    so does not depend on how often siyu runs: there ``did`` and ``never`` look at the time since the start,
    ``days_since`` looks back without end. Features, tags and segments are as the deciding run finds them.

    Steps are known by their ``id``: a step that is put in between changes nothing for the others. A raised ``edition``
    forgets what was decided and starts anew.

    ```toml
    [campaign.welcome]
    use = "journey"
    from = 2026-12-01
    via = "wecom"
    start = { event = "joined", entry = "wecom" }
    goal = { event = "ordered", within = "14d" }
    steps = [
      { id = "hello", say = "welcome", latest = "20s" },
      { id = "guide", after = "1d", at = "10:00", say = "brew-guide" },
      { id = "offer", after = "3d", when = "not did('ordered')", say = "first-cup", offer = "new-10" },
    ]
    ```
    """

    start: Start = field(metadata=doc("what starts a member off", example={"event": "joined"}))
    steps: tuple[Step, ...] = field(metadata=doc("the steps in their order", example=[{"id": "hello", "say": "hello"}]))
    goal: Goal | None = field(default=None, metadata=doc("what ends the journey early", example={"event": "ordered"}))
    again: Duration | None = field(
        default=None,
        validator=positive,
        metadata=doc("how long after a start the same member may start again; never by default", example="180d"),
    )
    via: str = field(
        default="", metadata={**doc("the channel of the steps that name none", example="wecom"), "refers": "channel"}
    )

    @steps.validator
    def _distinct(self, _attribute: Attribute[tuple[Step, ...]], value: tuple[Step, ...]) -> None:
        if not value:
            message = 'expected at least one step, as in { id = "hello", say = "welcome" }'
            raise ValueError(message)
        ids = [step.id for step in value]
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if twice:
            message = f"two steps have the id '{twice[0]}': each needs one of its own, since decisions are kept by it"
            raise ValueError(message)

    @via.validator
    def _every_step_has_a_channel(self, _attribute: Attribute[str], value: str) -> None:
        without = [step.id for step in self.steps if not (step.via or value)]
        if without:
            message = f"step '{without[0]}' has no channel: give it one with via, or the whole journey"
            raise ValueError(message)

    def propose(self, view: View) -> Frame:
        """Return the decisions that the run makes: those that send, and those that do not.

        Columns: recipient, step, occurrence (the start's epoch second, as text), slot, channel, offer, due, until,
        version, branch, nominal. A start by a segment is a row of its own, with the step and branch ``start``.
        """
        return Passage(self, view).decisions()


@hookimpl
def siyu_register_campaigns() -> Mapping[str, type[Campaign]]:
    """Bring ``journey``."""
    return {"journey": Journey}
