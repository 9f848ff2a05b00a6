"""Advice on steps that members have been through."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from attrs import frozen

from siyu.advice.subject import Found, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["ChangedStep", "changed_step", "changed_steps"]


@frozen
class ChangedStep:
    """A step that goes by another id than before.

    Attributes:
        campaign: The campaign.
        position: Where in its steps it stands now.
        old: The id that it had.
        new: The id that it has.
    """

    campaign: str
    position: int
    old: str
    new: str


def changed_step(subject: Subject) -> Iterator[Found]:
    """Threshold: one step that was decided or sent for a member under an id that the campaign no longer has.

    Decisions and touches are kept by the id: under another one the step is a new one, and goes out again to everybody
    who had it. A raised ``edition`` means just that, and is left alone.
    """
    lived = subject.lived
    if lived is None:
        return
    for each in changed_steps(lived.canonical, subject.tree):
        if (each.campaign, each.old) in lived.steps:
            path = ("campaign", each.campaign, "steps", each.position, "id")
            message = f"this step was '{each.old}' in the last run: as '{each.new}' it goes out again to who had it"
            yield Found(path, message, f"call it '{each.old}', or raise the campaign's edition if that is meant")


def changed_steps(old: str, tree: Mapping[str, Any]) -> list[ChangedStep]:
    """Return the steps whose id changed since an earlier config.

    A step is the same one where all but its id is as it was, or where it says the same at the same place.

    Args:
        old: The earlier config, as a run keeps it (``Programme.canonical``).
        tree: The tables of the config now.
    """
    before, now = json.loads(old).get("campaign", {}), tree.get("campaign", {})
    found: list[ChangedStep] = []
    for name in sorted(before.keys() & now.keys()):
        if before[name].get("edition", 1) == now[name].get("edition", 1):
            found += _renamed(name, _steps(before[name]), _steps(now[name]))
    return found


def _renamed(campaign: str, before: list[dict[str, Any]], now: list[dict[str, Any]]) -> Iterator[ChangedStep]:
    gone = [step for step in before if step["id"] not in {each["id"] for each in now}]
    kept = {step["id"] for step in before}
    for position, step in enumerate(now):
        same = next((one for one in gone if _same(one, step, before, position)), None)
        if step["id"] not in kept and same is not None:
            gone.remove(same)
            yield ChangedStep(campaign, position, same["id"], step["id"])


def _same(old: dict[str, Any], new: dict[str, Any], before: list[dict[str, Any]], position: int) -> bool:
    if {**old, "id": ""} == {**new, "id": ""}:
        return True
    return before.index(old) == position and old.get("say") == new.get("say")


def _steps(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    steps = table.get("steps", [])
    listed = steps if isinstance(steps, list) else []
    return [step for step in listed if isinstance(step, dict) and isinstance(step.get("id"), str)]
