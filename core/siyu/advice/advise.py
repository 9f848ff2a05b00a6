"""All advice on one programme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from siyu.advice.audience import single_entry, unserved_segment
from siyu.advice.content import no_opt_out, promo_only
from siyu.advice.goal import undated_goal
from siyu.advice.reach import caps_above_channel, little_time, no_holdout, too_many_rules
from siyu.advice.steps import changed_step
from siyu.advice.subject import Found, Lived, Subject
from siyu.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from siyu.config.files import Source
    from siyu.config.programme import Programme

__all__ = ["RULES", "Advised", "advise"]

RULES: dict[str, Callable[[Subject], Iterator[Found]]] = {
    "caps-above-channel": caps_above_channel,
    "changed-step": changed_step,
    "little-time": little_time,
    "no-holdout": no_holdout,
    "no-opt-out": no_opt_out,
    "promo-only": promo_only,
    "single-entry": single_entry,
    "too-many-rules": too_many_rules,
    "undated-goal": undated_goal,
    "unserved-segment": unserved_segment,
}
"""What finds each piece of advice."""


@frozen
class Advised:
    """A piece of advice.

    Attributes:
        name: Its name, as ``[advice] silence`` takes it.
        problem: What it is about, and where.
    """

    name: str
    problem: Problem


def advise(programme: Programme, source: Source, lived: Lived | None = None) -> list[Advised]:
    """Return the advice on a programme that its config does not silence, by name.

    Args:
        programme: The programme, which has no problems.
        source: The files that it was made of, to point at.
        lived: What its members have been through, where that is known.

    Raises:
        PluginError: A component's code fails where it states facts.
    """
    subject = Subject(programme, source.tree, lived)
    return [
        Advised(name, _placed(source, name, found, programme))
        for name, find in RULES.items()
        if name not in programme.advice.silence
        for found in find(subject)
    ]


def _placed(source: Source, name: str, found: Found, programme: Programme) -> Problem:
    owner = programme.owners.get((str(found.path[0]), str(found.path[1])), "")
    return source.problem(found.path, f"advice {name}: {found.message}", hint=found.hint, owner=owner, on=found.on)
