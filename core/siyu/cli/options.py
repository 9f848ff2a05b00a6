"""What the subcommands share: the folder, the moment, the environment, output for machines."""

from __future__ import annotations

import json
import signal
import sys
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from siyu.brand import Brand

__all__ = ["as_json", "folder", "moment", "parted", "progress", "stoppable", "with_by", "with_environment", "with_json"]

folder = click.argument("folder", type=click.Path(path_type=Path), default=".")

with_environment = click.option("--env", "environment", help="Override with env/NAME.toml.", metavar="NAME")

moment = click.option(
    "--now", help="Decide at this moment instead of now: 2026-11-11T10:00, with an offset or in the brand's zone."
)

with_by = click.option(
    "--by", default="", help="Who looks; whoever is logged in by default. Kept in the log.", metavar="NAME"
)

with_json = click.option("--json", "machine", is_flag=True, help="Print JSON, for machines.")


def parted(named: tuple[str, ...], count: int, what: str) -> tuple[Path, tuple[str, ...]]:
    """Part arguments into the brand's folder, which may be left out, and so many others.

    Args:
        named: The arguments.
        count: How many there are beside the folder.
        what: What they are, for an error.

    Raises:
        UsageError: There are more or fewer.
    """
    if len(named) not in {count, count + 1}:
        raise click.UsageError(f"say {what}, and before it the brand's folder where it is not the current one")
    return Path(named[0] if len(named) > count else "."), named[len(named) - count :]


def as_json(value: Any) -> None:  # noqa: ANN401 - whatever JSON can write
    """Print a value as JSON; what JSON does not know is written as text."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Show what goes on: one moving line on a terminal, a line a stage elsewhere; nothing where quiet.

    Where quiet, what channels and plugins print goes to the standard error, so that the output is the JSON alone.
    """
    if quiet:
        with redirect_stdout(sys.stderr):
            yield lambda _words: None
        return
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _plainly
        return
    with console.status("opening") as status:
        yield status.update


@contextmanager
def stoppable(brand: Brand) -> Iterator[None]:
    """Have a signal to end (SIGTERM) end a delivery cleanly, with what is under way answered and committed."""
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: brand.halt())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _plainly(words: str) -> None:
    """Print the stages, without what goes on inside of them."""
    if "." not in words and ":" not in words:
        click.echo(f"… {words}", err=True)
