"""``siyu deliver``."""

from __future__ import annotations

import sys
from contextlib import contextmanager, nullcontext, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import click

from siyu.cli.options import as_json, folder, moment, stoppable, with_environment, with_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["deliver"]

_ANSWERS = {"queued", "handed", "sent", "delivered", "failed", "unknown", "expired"}


@click.command()
@folder
@moment
@with_environment
@with_json
@click.option("--retry", is_flag=True, help="Judge what failed by the whole gate again, and send what passes.")
def deliver(folder: Path, now: str | None, environment: str | None, *, machine: bool, retry: bool) -> None:
    """Send what is queued and due, without deciding anything new.

    A touch that failed, with all its tries, stays as it is until --retry. One of which nobody knows whether it arrived
    is never sent again by this command, unless it is a service message and its channel's in_doubt says so: its channel
    is asked what became of it. A signal to end (SIGTERM) lets what is under way come to its end, and leaves the rest
    queued.
    """
    import siyu
    from siyu.cli import show

    with siyu.open(folder, environment=environment) as brand, stoppable(brand), _bar(quiet=machine) as tell:
        done = brand.deliver(now=now, retry=retry, tell=tell)
    if machine:
        as_json(show.plain(done))
        return
    if retry:
        click.echo(f"{done.counts.get('revived', 0)} touches that failed are judged again, with all that is held")
    if done.gated:
        show.terminal().print(show.gate(done))
    answers = [(name, number) for name, number in done.counts.items() if name in _ANSWERS]
    if answers:
        show.terminal().print(show.table("What was delivered", ["state", "touches"], answers))
    else:
        click.echo("nothing to deliver")


@contextmanager
def _bar(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each channel on a terminal; elsewhere nothing."""
    from rich.console import Console

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        # What channels print must not come between the JSON.
        with redirect_stdout(sys.stderr) if quiet else nullcontext():
            yield lambda _channel, _done, _all: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        bars: dict[str, TaskID] = {}

        def tell(channel: str, done: int, whole: int) -> None:
            if channel not in bars:
                bars[channel] = bar.add_task(channel)
            bar.update(bars[channel], completed=done, total=whole)

        yield tell
