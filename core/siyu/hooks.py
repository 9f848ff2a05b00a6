"""The hooks of siyu: start reading here.

A plugin is a module (or an object) with functions marked ``@siyu.hookimpl`` whose names stand below, found by
an entry point of the group ``siyu``. The bundled plugins come in by the same door. A ``siyu_register_*`` hook is
called once, when a brand is opened; the others once per run. None is ever called per row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click

    from siyu.events import EventType
    from siyu.kinds import Campaign, Channel, Content, Entry, Frame, Incentive, Metric, Tagger
    from siyu.runs import Run
    from siyu.view import View

__all__ = ["GROUP", "hookimpl", "hookspec"]

GROUP = "siyu"

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


@hookspec
def siyu_register_entries() -> Mapping[str, type[Entry]]:  # type: ignore[empty-body]
    """Return the entries that the plugin brings, keyed by the name that ``use`` takes."""


@hookspec
def siyu_register_taggers() -> Mapping[str, type[Tagger]]:  # type: ignore[empty-body]
    """Return the taggers that the plugin brings, keyed by the name that ``use`` takes."""


@hookspec
def siyu_register_contents() -> Mapping[str, type[Content]]:  # type: ignore[empty-body]
    """Return the content sources that the plugin brings, keyed by the name that ``use`` takes."""


@hookspec
def siyu_register_campaigns() -> Mapping[str, type[Campaign]]:  # type: ignore[empty-body]
    """Return the campaigns that the plugin brings, keyed by the name that ``use`` takes."""


@hookspec
def siyu_register_incentives() -> Mapping[str, type[Incentive]]:  # type: ignore[empty-body]
    """Return the incentives that the plugin brings, keyed by the name that ``use`` takes."""


@hookspec
def siyu_register_channels() -> Mapping[str, type[Channel]]:  # type: ignore[empty-body]
    """Return the channels that the plugin brings, keyed by the name that ``use`` takes."""


@hookspec
def siyu_register_metrics() -> Mapping[str, type[Metric]]:  # type: ignore[empty-body]
    """Return the metrics that the plugin brings, keyed by the name that ``use`` takes."""


@hookspec
def siyu_register_event_types() -> Mapping[str, EventType]:  # type: ignore[empty-body]
    """Return further event types, keyed by name; a name that exists already is an error."""


@hookspec
def siyu_register_commands() -> Mapping[str, click.Command]:  # type: ignore[empty-body]
    """Return further subcommands of ``siyu``, keyed by name."""


@hookspec
def siyu_guard_touches(view: View, touches: Frame) -> Frame:  # type: ignore[empty-body]
    """Hold or suppress touches by a rule of the plugin's own; the gate can only be tightened.

    Called once per run, after the rules of the core that look at one touch and before those that count.

    Args:
        view: What the gate sees: the newest log, at the run's ``now``.
        touches: The touches still standing: id, recipient, recipient_kind, campaign, step, content, channel,
            purpose, priority, due, until.

    Returns:
        A frame of id, state (``held`` or ``suppressed``) and reason, with the touches that may not go out.
    """


@hookspec
def siyu_before_run(view: View) -> None:
    """Look at a run, plan or tick after the intake and before all other stages; its ``view`` is read-only."""


@hookspec
def siyu_after_stage(stage: str, view: View) -> None:
    """Look at a run after the stage of that name."""


@hookspec
def siyu_after_run(run: Run) -> None:
    """Look at a finished run: its id, kind, moment and counts. Not called for a plan."""
