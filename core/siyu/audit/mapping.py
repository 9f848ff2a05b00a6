"""From what files hold to the entries that read them: a guess, and what it could not guess."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import Factory, define, frozen

from siyu.audit.report import chosen
from siyu.audit.roles import IDENTITIES

if TYPE_CHECKING:
    from datetime import date

    from siyu.audit.columns import Column
    from siyu.audit.report import Audit, File

__all__ = ["Guess", "Mapped", "Note", "guessed"]

_STATES = {"granted", "withdrawn", "unknown"}
_PERSONAL = ("name", "birthday", "birth_year", "gender")
_ORDER = {"place": "place", "staff": "staff", "quantity": "quantity", "category": "subject"}
_CONTACT = {"place": "place", "staff": "staff", "channel": "subject"}
_TYPED = {"time": "moment", "amount": "number", "quantity": "whole number"}
_LINES = ("sku", "category", "quantity", "amount")


@frozen
class Mapped:
    """A column that was understood: the key of the entry that it became, and the column or template."""

    entry: str
    key: str
    column: str


@frozen
class Note:
    """What a person must look at: the file, the column (empty for all of it), and why."""

    file: str
    column: str
    why: str


@define
class Guess:
    """How files could be read.

    Attributes:
        entries: The tables of entries, by name.
        mapped: What was understood.
        notes: What was not, or only perhaps.
    """

    entries: dict[str, dict[str, Any]] = Factory(dict)
    mapped: list[Mapped] = Factory(list)
    notes: list[Note] = Factory(list)

    def add(self, name: str, table: Mapping[str, Any]) -> None:
        """Take in an entry, under a name that no other has."""
        free, number = name, 2
        while free in self.entries:
            free, number = f"{name}-{number}", number + 1
        self.entries[free] = dict(table)
        for key, value in table.items():
            if key in ("use", "files", "defaults"):
                continue
            inner = value.items() if isinstance(value, Mapping) else [("", value)]
            self.mapped += [Mapped(free, f"{key}.{part}".rstrip("."), str(column)) for part, column in inner]


def guessed(audit: Audit, today: date, channel: str, place: Callable[[str], str] = str) -> Guess:
    """Guess the entries that read files.

    Args:
        audit: What the files hold.
        today: The day that stands where a file of contacts says none.
        channel: The channel that consents are for.
        place: How the config writes a file's path.
    """
    guess = Guess()
    for file in audit.files:
        _File(guess, file, today.isoformat(), channel, place(file.path)).map()
    for match in audit.matches:
        if match.alike > match.found:
            why = f"{match.alike - match.found} identities are in {match.among} as well, but not written alike"
            guess.notes.append(Note(match.of, "", f"{why}: siyu does so when they come in; see [brand] region"))
    return guess


class _File:
    """Maps one file."""

    def __init__(self, guess: Guess, file: File, today: str, channel: str, place: str) -> None:
        self.guess = guess
        self.file = file
        self.today = today
        self.channel = channel
        usable = [each for each in file.columns if not set("{}") & set(each.name)]
        roles = {role for each in usable for role in each.roles}
        self.roles: dict[str, Column] = {role: found for role in roles if (found := chosen(usable, role))}
        self.base = {"use": "files", "files": [place]}
        self.used: set[str] = set()
        stem = re.sub(r"[^\w-]+", "-", Path(file.path).name.partition(".")[0]).strip("-")
        self.name = stem or "file"
        kinds = [kind for kind in IDENTITIES if kind in self.roles]
        self.member = f"{kinds[0]}:{{{self.roles[kinds[0]].name}}}" if kinds else ""
        self.others = kinds[1:]
        self.used |= {self.roles[kind].name for kind in kinds}

    def map(self) -> None:
        """Add the file's entries, and notes of what is left."""
        if not self.member:
            self._note("", "no column says who it is: nothing is read; a member's id, phone number or e-mail is needed")
            return
        orders = bool({"amount", "order", "sku"} & set(self.roles))
        if orders and "time" not in self.roles:
            self._note("", "no column says when it was: orders need a moment, so nothing is read")
            return
        self._orders() if orders else self._contacts()
        self._links()
        self._consents()
        self._left()

    def _note(self, column: str, why: str) -> None:
        self.guess.notes.append(Note(self.file.path, column, why))

    def _take(self, keys: Mapping[str, str]) -> dict[str, str]:
        """Return the keys of an entry whose roles the file has, with their columns."""
        found = {key: self.roles[role].name for role, key in keys.items() if role in self.roles}
        self.used |= set(found.values())
        return found

    def _since(self) -> dict[str, str]:
        """Return the moment that stands for one that the file does not say."""
        return {} if "time" in self.roles else {"time": self.today}

    def _orders(self) -> None:
        table = {"type": "ordered", **self._take({"order": "id"}), "member": self.member}
        table |= self._take({"time": "time", "amount": "amount", "order": "ref", **_ORDER})
        if "id" in table and self.file.repeated > self.file.duplicates:
            lines = self._take({role: role for role in _LINES})
            if lines:
                table |= {"lines": lines}  # type: ignore[dict-item]
                self._note(
                    table["id"], "it repeats: rows with one id are taken for the lines of one order, and added up"
                )
        if "amount" not in table:
            self._note("", "no column says how much: the orders have no amount")
        if self.file.duplicates:
            self._note("", f"{self.file.duplicates} rows are there more than once; look whether they should be")
        self.guess.add(self.name, {**self.base, **table})
        self._state()
        self._zone()

    def _contacts(self) -> None:
        table: dict[str, Any] = {"type": "joined", "id": self.member.partition(":")[2], "member": self.member}
        table |= self._take({"time": "time", **_CONTACT})
        if "time" not in table:
            table["defaults"] = self._since()
            self._note("", f"no column says since when they are members: {self.today} stands for it")
        self.guess.add(self.name, {**self.base, **table})
        self._zone()

    def _links(self) -> None:
        for kind in self.others:
            other = {"other": f"{kind}:{{{self.roles[kind].name}}}"}
            defaults = {"evidence": f"one row of {Path(self.file.path).name}", **self._since()}
            table = {"table": "links", "member": self.member, **self._take({"time": "time"}), "columns": other}
            self.guess.add(f"{self.name}-{kind}", {**self.base, **table, "defaults": defaults})
            empty = self.file.rows - self.roles[kind].filled
            if empty:
                self._note(self.roles[kind].name, f"it is empty in {empty} rows, which {self.name}-{kind} sets apart")

    def _consents(self) -> None:
        stated = self.roles.get("consent") or self.roles.get("refusal")
        if stated is None:
            return
        self.used.add(stated.name)
        values = {value for value in stated.values if value}
        if not values or not values <= _STATES:
            held = f"it holds {', '.join(sorted(values))}" if values else "it holds many values"
            self._note(stated.name, f"{held}: a column with granted, withdrawn or unknown can be read as consents")
            return
        table: dict[str, Any] = {"table": "consents", "member": self.member, **self._take({"time": "time"})}
        defaults = {"channel": self.channel, "purpose": "marketing", **self._since()}
        defaults |= {"state": "unknown"} if stated.filled < self.file.rows else {}
        self.guess.add(
            f"{self.name}-consents", {**self.base, **table, "columns": {"state": stated.name}, "defaults": defaults}
        )

    def _state(self) -> None:
        state = self.roles.get("state")
        if state and len(state.values) > 1:
            self.used.add(state.name)
            held = ", ".join(sorted(value for value in state.values if value))
            self._note(state.name, f"it holds {held}: all rows are taken for orders; split the file where they are not")

    def _zone(self) -> None:
        time = self.roles.get("time")
        if time:
            self._note(time.name, "where a moment has no offset, as +08:00, it is read as UTC")

    def _left(self) -> None:
        for each in self.file.columns:
            if each.name in self.used and each.odd and each.role in _TYPED:
                self._note(each.name, f"{each.odd} of its values are no {_TYPED[each.role]}: their rows are set apart")
            if each.name in self.used:
                continue
            why = "left out"
            if set("{}") & set(each.name):
                why = "left out: its name has braces; rename it"
            elif each.role in _PERSONAL:
                why = "left out: to keep it, declare it in [attribute] with a purpose, and add it to 'props'"
            elif not each.filled:
                why = "left out: it is empty"
            self._note(each.name, why)
