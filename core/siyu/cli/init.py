"""``siyu init``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from siyu.errors import UserError

if TYPE_CHECKING:
    from siyu.audit import Guess
    from siyu.config.tables import Brand

__all__ = ["init"]

_ENTRIES = ("simulate", "files")
_DATA = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".parquet", ".gz")


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[FILES] [FOLDER]")
@click.option("--from", "from_files", is_flag=True, help="Guess the entries from FILES: CSV, JSON Lines or Parquet.")
@click.option("--example", metavar="NAME", help="Lay out an example that comes with siyu, such as tea-shop.")
@click.option("--yes", is_flag=True, help="Ask nothing, and take what would be proposed.")
@click.option("--name", help="The brand's name.")
@click.option("--zone", help="The time zone that days are counted in, as Asia/Shanghai.")
@click.option("--currency", help="The currency of all amounts, as CNY.")
@click.option("--entry", type=click.Choice(_ENTRIES), help="The first entry: a made-up audience, or files.")
@click.option(
    "--today",
    metavar="DAY",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The first day of its campaigns, instead of today.",
)
def init(
    paths: tuple[Path, ...],
    *,
    from_files: bool,
    example: str | None,
    yes: bool,
    today: datetime | None,
    **answers: str | None,
) -> None:
    """Write the config of a new brand into FOLDER, by default the current one.

    It asks for little, and explains the rest in comments. No file is overwritten. The campaigns start today, so that
    what happened before starts nothing.
    """
    files, folder = _parted(paths, from_files=from_files)
    if example:
        if from_files:
            raise click.UsageError("--example and --from are two ways to begin: choose one")
        _example(example, folder)
        return
    _check_free(folder)
    day = today.date() if today else date.today()  # noqa: DTZ011 - the day where the person sits
    if from_files:
        _from_files(files, folder, day, yes=yes, answers={**answers, "entry": "files"})
    else:
        _asked(folder, day, yes=yes, answers=answers)


def _parted(paths: Sequence[Path], *, from_files: bool) -> tuple[list[Path], Path]:
    """Part the arguments into data files and the folder."""
    files = [path for path in paths if from_files and (path.is_file() or path.suffix.lower() in _DATA)]
    folders = [path for path in paths if path not in files]
    if len(folders) > 1:
        raise click.UsageError(f"expected one folder, not {' and '.join(map(str, folders))}")
    if from_files and not files:
        raise click.UsageError("--from needs the files to read, as in: siyu init --from orders.csv contacts.csv shop")
    return files, folders[0] if folders else Path()


def _check_free(folder: Path) -> None:
    there = sorted(str(path) for path in folder.glob("*.toml") if path.name != "pyproject.toml")
    if there:
        raise UserError(f"{', '.join(there)}: there is a config already; choose another folder")
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is not a folder")


def _example(name: str, folder: Path) -> None:
    from siyu.start import lay_out

    written = lay_out(name, folder)
    click.echo(f"{name}: {len(written)} files in {folder}. Try: siyu check {folder}")


def _asked(folder: Path, today: date, *, yes: bool, answers: Mapping[str, str | None]) -> None:
    from siyu.start.draft import CONTACTS, drafted

    brand = _brand(folder, yes=yes, answers=answers)
    kind = answers["entry"] or (
        "simulate" if yes else click.prompt("First entry", "simulate", type=click.Choice(_ENTRIES))
    )
    _write(folder, drafted(brand, today, simulated=kind == "simulate"), CONTACTS if kind == "files" else {})
    click.echo(f"Next: siyu check {folder}, then siyu plan {folder}")


def _from_files(
    files: Sequence[Path], folder: Path, today: date, *, yes: bool, answers: Mapping[str, str | None]
) -> None:
    from siyu.audit import audited, guessed
    from siyu.start.draft import CHANNEL, drafted

    found = guessed(audited(files), today, CHANNEL, lambda path: _from(folder, Path(path)))
    if not found.entries:
        raise UserError("; ".join(f"{note.file}: {note.why}" for note in found.notes))
    brand = _brand(folder, yes=yes, answers=answers)
    _write(folder, drafted(brand, today, found.entries), {})
    _shown(found)
    click.echo(f"Next: look at the entries in {folder / 'brand.toml'}, then siyu check {folder}")


def _from(folder: Path, path: Path) -> str:
    """Return a file's path as the config writes it: from the brand's folder."""
    try:
        relative = os.path.relpath(path.resolve(), folder.resolve())
    except ValueError:
        return path.resolve().as_posix()
    return Path(relative).as_posix()


def _brand(folder: Path, *, yes: bool, answers: Mapping[str, str | None]) -> Brand:
    """Ask for what is not answered by an option.

    Raises:
        UserError: An option's answer is wrong.
    """
    from siyu.config.tables import Brand

    proposed = {"name": folder.resolve().name or "brand", "zone": "Asia/Shanghai", "currency": "CNY"}
    words = {"name": "The brand's name", "zone": "Time zone", "currency": "Currency"}
    taken: dict[str, str] = {}
    for key, default in proposed.items():
        check = _checker(key)
        given = answers[key]
        if given is None:
            given = default if yes else click.prompt(words[key], default, value_proc=check)
        try:
            taken[key] = check(given)
        except click.BadParameter as error:
            raise UserError(f"--{key}: {error.message}") from error
    return Brand(name=taken["name"], zone=taken["zone"], currency=taken["currency"])


def _checker(key: str) -> Callable[[str], str]:
    from siyu.config.tables import Brand

    def check(value: str) -> str:
        given: dict[str, Any] = {"name": "x", key: value}
        try:
            Brand(**given)
        except ValueError as error:
            raise click.BadParameter(str(error.args[0])) from error
        return value

    return check


def _write(folder: Path, sections: Sequence[Any], data: Mapping[str, str]) -> None:
    from siyu.registry import discover
    from siyu.start import written_config

    text = written_config(sections, discover())
    for name, content in {"brand.toml": text, ".gitignore": ".siyu/\n", **data}.items():
        path = folder / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8", newline="\n")
            click.echo(f"wrote {path}")


def _shown(found: Guess) -> None:
    from rich.markup import escape

    from siyu.cli.show import table, terminal

    console = terminal()
    rows = [(each.entry, each.key, escape(each.column)) for each in found.mapped]
    console.print(table("What was guessed", ["entry", "key", "column"], rows))
    notes = [(escape(note.file), escape(note.column), escape(note.why)) for note in found.notes]
    console.print(table("What to look at", ["file", "column", "why"], notes))
