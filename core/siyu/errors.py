"""Errors meant for a person, and nothing else: a bug keeps its own type and its traceback."""

from __future__ import annotations

from unicodedata import east_asian_width

from attrs import frozen

__all__ = ["ConfigError", "PluginError", "Problem", "StoreError", "UserError"]


class UserError(Exception):
    """Base of every error that the command prints as a message, without a traceback."""


class StoreError(UserError):
    """The store cannot be opened, or is not the one that the config means."""


class PluginError(UserError):
    """A plugin could not be loaded, or failed in its own code; the message names it and its version."""


@frozen
class Problem:
    """One thing that is wrong in a config, and how to mend it.

    Attributes:
        message: What is wrong and what was expected.
        path: The keys that lead to the value, as in ``("campaign", "welcome", "steps")``.
        file: The file that holds the key, as the user named its folder; empty where none does.
        line: The line, from 1; 0 where the place is unknown.
        column: The column, from 1; 0 where the place is unknown.
        source: The text of that line.
        hint: One close match or the way to mend it; empty where there is none.
        owner: The plugin that owns the table; empty for siyu's own tables.
        width: How many characters the caret spans.
    """

    message: str
    path: tuple[str, ...] = ()
    file: str = ""
    line: int = 0
    column: int = 0
    source: str = ""
    hint: str = ""
    owner: str = ""
    width: int = 1

    def __str__(self) -> str:
        """The problem as it is shown: place, message, source line with a caret, hint."""
        where = f"{self.file}:{self.line}:{self.column}: " if self.line else f"{self.file}: " if self.file else ""
        parts = [f"{where}{self._dotted()}{self.message}"]
        if self.source:
            before, under = self.source[: self.column - 1], self.source[self.column - 1 :][: self.width]
            parts += [f"    {self.source}", f"    {_blank(before)}{'^' * max(_cells(under), 1)}"]
        if self.hint:
            parts.append(f"    {self.hint}")
        return "\n".join(parts)

    def _dotted(self) -> str:
        owner = f" ({self.owner})" if self.owner else ""
        return f"{'.'.join(self.path)}{owner}: " if self.path else ""


def _cells(text: str) -> int:
    """Return how many cells of a terminal a text takes: Chinese characters take two."""
    return sum(2 if east_asian_width(one) in "WF" else 1 for one in text)


def _blank(text: str) -> str:
    return "".join("\t" if one == "\t" else " " * _cells(one) for one in text)


class ConfigError(UserError):
    """All that is wrong in a config folder, at once."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Keep the problems; the message is all of them, in the order of the files."""
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))
