"""The group of subcommands; each is imported only when it is used, so that ``--help`` answers at once."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click

from siyu.errors import ConfigError, UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_COMMANDS = {
    "init": "Write the config of a new brand, from a few answers, an example or files.",
    "audit": "Tell what files hold, before any of it comes in.",
    "check": "Check a brand's config; tell all that is wrong with it.",
    "plan": "Show what a run would do, and why, without doing it.",
    "run": "Do one pass of the loop: decide, record, deliver.",
    "ingest": "Bring in what an entry, a file or the standard input holds.",
    "tick": "Do the pass for members of whom something new is known.",
    "deliver": "Send what is queued, or what failed once more.",
    "explain": "Show what is known of a member, what was decided, and why.",
    "ledger": "Show the ledger of a member or an incentive, or audit them all.",
    "close": "Close a month of all ledgers, for good.",
    "reverse": "Undo what a wrong campaign or incentive gave, line by line.",
    "merge": "Say by hand that two ids are one person.",
    "unmerge": "Part two ids that a link joined.",
    "shared": "Show ids that too many share, and members with two ids where one is usual.",
    "segments": "Show the sizes of the segments, how they changed, and which overlap.",
    "tag": "Give a member a tag by hand.",
    "untag": "Take a tag from a member by hand.",
    "correct": "Correct by hand what a member has of an incentive.",
    "marks": "Show what a channel has to change of its own tags.",
    "codes": "Show the channel codes, and have the platform make them.",
    "handover": "Hand members from one staff member to another.",
    "stop": "Stop a campaign, a channel or everything.",
    "resume": "Let what was stopped go on.",
    "resend": "Correct a campaign: send it again to those whom it reached.",
    "send-test": "Send what a campaign says to a tester, as a test.",
    "approve": "Approve a plan that was saved, so that runs do it.",
    "forget": "Erase all that is known of a member, for good.",
    "suppress": "Put outside ids on the list of those that are never touched.",
    "export": "Print all that is known of a member, as JSON.",
    "data-map": "Show what is kept of members, what for, and for how long.",
    "release": "Let today's touches pass that the brake holds.",
    "plugins": "List the plugins that are found, or show the manual of one.",
    "schema": "Print a JSON Schema of the config, for editors.",
}


class _Commands(click.Group):
    def list_commands(self, _context: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name in _COMMANDS:
            module = name.replace("-", "_")
            command: click.Command = getattr(import_module(f"siyu.cli.{module}"), module)
            return command
        return _brought(name)

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))
        # To name them all plugins would have to be loaded.
        formatter.write_paragraph()
        formatter.write_text("Plugins bring further commands: `siyu plugins` lists them.")


def _brought(name: str) -> click.Command | None:
    """Return a subcommand that a plugin brings."""
    from siyu.registry import discover

    return discover().commands.get(name)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="siyu")
def siyu() -> None:
    """Owned-audience marketing as code: a brand is a folder of TOML.

    Every command takes the brand's folder as its first argument, by default the current one.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; a user's mistake prints a message and ends with status 1, wrong usage with 2."""
    try:
        siyu.main(args=arguments, prog_name="siyu", standalone_mode=False)
    except UserError as error:
        click.echo(_told(error), err=True)
        sys.exit(1)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.Abort:
        click.echo("siyu: stopped", err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)


def _told(error: UserError) -> str:
    """Return what is printed: a place stands at the start of its line, where editors and CI look for it."""
    problems = error.problems if isinstance(error, ConfigError) else ()
    if not any(problem.file for problem in problems):
        return f"siyu: {error}"
    number = len(problems)
    return f"{error}\nsiyu: {number} problem{'s' if number > 1 else ''} in the config"
