"""Tastings: an event type, a tag for those who come often, a rule of the gate, and a command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click
import narwhals as nw
from attrs import field, frozen

from siyu import hookimpl
from siyu.events import EventType
from siyu.kinds import Frame, Tagger, doc

if TYPE_CHECKING:
    from siyu import View

__all__ = ["Taster"]


@frozen(kw_only=True)
class Taster(Tagger):
    """Tags members who came to some tastings; the value is how many they came to."""

    times: int = field(default=2, metadata=doc("how many tastings it takes", example=2))

    def tags(self, view: View) -> Frame:
        """Return the members who came often enough."""
        tastings = view.events.filter(nw.col("type") == "tasted").group_by("member").agg(times=nw.len())
        often = tastings.filter(nw.col("times") >= self.times)
        return often.select("member", tag=nw.lit(self.name), value=nw.col("times").cast(nw.String))


@click.command()
@click.option("--to", default="you", help="Whom to greet.")
def acme(to: str) -> None:
    """Greet from a plugin."""
    click.echo(f"acme greets {to}")


@hookimpl
def siyu_register_taggers() -> Mapping[str, type[Tagger]]:
    """Bring ``taster``."""
    return {"taster": Taster}


@hookimpl
def siyu_register_event_types() -> Mapping[str, EventType]:
    """Bring ``tasted``."""
    return {"tasted": EventType("a member came to a tasting", subject="what was tasted")}


@hookimpl
def siyu_register_commands() -> Mapping[str, click.Command]:
    """Bring ``siyu acme``."""
    return {"acme": acme}


@hookimpl
def siyu_guard_touches(touches: Frame) -> Frame:
    """Suppress what is offered with a touch of campaign ``embargo``."""
    return touches.filter(nw.col("campaign") == "embargo").select(
        "id", state=nw.lit("suppressed"), reason=nw.lit("acme forbids it")
    )
