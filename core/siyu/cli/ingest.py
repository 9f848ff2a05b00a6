"""``siyu ingest``."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path, PurePath
from threading import Event
from typing import TYPE_CHECKING

import click

from siyu.cli.options import folder, progress, with_environment, with_json
from siyu.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from siyu.brand import Brand
    from siyu.kinds import Entry

__all__ = ["ingest"]

_STDIN = "-"
# How many seconds --follow waits before it looks again.
_EVERY = 1.0


@click.command()
@folder
@click.argument("path", required=False)
@with_environment
@with_json
@click.option("--entry", "named", help="The entry that says what the columns are; all entries where no PATH is given.")
@click.option("--follow", is_flag=True, help="Go on reading what is added, until SIGINT or SIGTERM.")
@click.option("--tick", is_flag=True, help="With --follow: do a tick after what came in.")
def ingest(
    folder: Path,
    path: str | None,
    environment: str | None,
    named: str | None,
    *,
    machine: bool,
    follow: bool,
    tick: bool,
) -> None:
    """Bring in what an entry reads, without deciding anything; the next run or tick goes by it.

    PATH is a file, a folder, or - for the standard input, to read instead of the files that the config names. Of a
    folder, the files are read whose names fit the entry's own. What was brought in before is not brought in twice.
    """
    import siyu

    if path is not None and named is None:
        raise click.UsageError("say with --entry which entry says what the columns are")
    with siyu.open(folder, environment=environment) as brand:
        names = [named] if named else [one.name for one in brand.programme.components["entry"]]
        if follow:
            _follow(brand, names, _files(brand.entry(names[0]), path), machine=machine, tick=tick)
            return
        with _spooled(brand.entry(names[0]), path) as files, progress(quiet=machine) as tell:
            kept = path != _STDIN
            done = [(name, brand.read(name, files=files, keep=kept, progress=tell).counts) for name in names]
    for name, counts in done:
        _tell(name, counts, machine=machine)


def _follow(brand: Brand, names: Sequence[str], files: Sequence[str], *, machine: bool, tick: bool) -> None:
    with _stopping() as stop:
        while not stop.is_set():
            came = False
            for name in names:
                counts = brand.read(name, files=files, growing=True).counts
                if any(counts.values()):
                    _tell(name, counts, machine=machine)
                    came = True
            if came and tick:
                brand.tick()
            stop.wait(_EVERY)


@contextmanager
def _stopping() -> Iterator[Event]:
    """Give what is set when the program is asked to stop; what it is doing is done first."""
    stop = Event()
    before = {one: signal.signal(one, lambda *_: stop.set()) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def _spooled(entry: Entry, path: str | None) -> Iterator[list[str]]:
    """Give the files to read; the standard input as one that is gone afterwards."""
    if path != _STDIN:
        yield _files(entry, path)
        return
    with tempfile.TemporaryDirectory(prefix="siyu-") as scratch:
        name = PurePath(_patterns(entry)[0]).name.replace("*", "stdin")
        spool = Path(scratch) / name
        with spool.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield [str(spool)]


def _files(entry: Entry, path: str | None) -> list[str]:
    """Return the patterns of the files to read; none for the entry's own."""
    if path is None:
        return []
    if path == _STDIN:
        raise click.UsageError("the standard input cannot be followed; name a file or a folder")
    place = Path(path).absolute()
    if not place.is_dir():
        return [path if "://" in path else str(place)]
    return [str(place / PurePath(pattern).name) for pattern in dict.fromkeys(_patterns(entry)) if "*" in pattern] or [
        str(place / "*")
    ]


def _patterns(entry: Entry) -> Sequence[str]:
    patterns: Sequence[str] = getattr(entry, "files", ())
    if not patterns:
        raise UserError(f"entry '{entry.name}' reads no files; leave the path out, or name an entry that reads files")
    return patterns


def _tell(name: str, counts: dict[str, int], *, machine: bool) -> None:
    if machine:
        click.echo(json.dumps({"entry": name, **counts}))
    else:
        ordered = sorted(counts.items(), key=lambda one: one[0] == "rejects")
        words = ", ".join(f"{number} {what}" for what, number in ordered if number or what == "rejects")
        click.echo(f"{name}: {words or 'nothing new'}")
