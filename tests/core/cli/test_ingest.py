from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.brands import HEAD, folder, gapless, rows

import siyu

FILED = (
    HEAD
    + """
[entry.till]
use = "files"
files = ["in/*.csv"]
type = "ordered"
member = "wecom:{who}"
id = "id"
time = "time"
[entry.made]
use = "simulate"
members = 5
from = 2026-11-01
days = 5
"""
)
Command = Callable[..., Any]

SIYU = Path(sys.executable).parent / "siyu"
HEADER = "who,id,time\n"


def orders(first: int, last: int) -> str:
    return "".join(f"ann,o{number},2026-11-01T01:00:00\n" for number in range(first, last))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = folder(tmp_path / "brand", FILED)
    (made / "in").mkdir()
    return made


def piped(*arguments: object, **more: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401 - of subprocess
    command = [str(SIYU), "ingest", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


def held(path: Path) -> list[str]:
    with siyu.open(path) as brand:
        gapless(brand)
        return [name for (name,) in rows(brand, "events", "source_id") if name.startswith("o")]


def test_files_folders_and_the_standard_input(command: Command, path: Path, tmp_path: Path) -> None:
    (path / "in" / "a.csv").write_text(HEADER + orders(1, 3), encoding="utf-8")
    assert "till: 2 events" in command("ingest", path, "--entry", "till").output
    assert "nothing new" in command("ingest", path, "--entry", "till").output
    more = tmp_path / "more"
    more.mkdir()
    (more / "b.csv").write_text(HEADER + orders(2, 5), encoding="utf-8")
    (more / "note.md").write_text("not for siyu", encoding="utf-8")
    assert "till: 2 events" in command("ingest", path, more, "--entry", "till").output
    assert "0 rejects" in command("ingest", path, more / "b.csv", "--entry", "till").output
    done = piped(path, "-", "--entry", "till", "--json", input=HEADER + orders(4, 7))
    assert '"events": 2' in done.stdout
    assert held(path) == [f"o{number}" for number in range(1, 7)]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["a.csv"], 2, "--entry"),
        (["--entry", "tilt"], 1, "it has: made, till"),
        (["a.csv", "--entry", "made"], 1, "reads no files"),
        (["none.csv", "--entry", "till"], 1, "no such file"),
        (["-", "--entry", "till", "--follow"], 2, "cannot be followed"),
    ],
)
def test_mistakes(command: Command, path: Path, arguments: list[str], status: int, words: str) -> None:
    ended = command("ingest", path, *arguments)
    assert (ended.status, words in ended.error) == (status, True), ended.error


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_folder_is_followed_until_it_is_told_to_stop(path: Path, tmp_path: Path, ending: signal.Signals) -> None:
    grown = tmp_path / "grown"
    grown.mkdir()
    (grown / "a.csv").write_text(HEADER + orders(1, 3), encoding="utf-8")
    told = tmp_path / "told"
    with told.open("w", encoding="utf-8") as out:
        command = [str(SIYU), "ingest", str(path), str(grown), "--entry", "till", "--follow", "--tick"]
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, env=os.environ | {"PYTHONUNBUFFERED": "1"}
        )
        try:
            waited(told, "till: 2 events")
            with (grown / "a.csv").open("a", encoding="utf-8") as file:
                file.write(orders(3, 5) + "ann,o5,2026")
            (grown / "b.csv").write_text(HEADER + orders(4, 5), encoding="utf-8")
            waited(told, "till: 2 events", times=2)
            with (grown / "a.csv").open("a", encoding="utf-8") as file:
                file.write("-11-01T01:00:00\n")
            waited(told, "till: 1 events")
            process.send_signal(ending)
            assert process.wait(timeout=30) == 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    assert held(path) == [f"o{number}" for number in range(1, 6)]
    assert "Traceback" not in told.read_text(encoding="utf-8")


def waited(told: Path, words: str, times: int = 1) -> None:
    """Wait until a program says something."""
    end = time.monotonic() + 60
    while told.read_text(encoding="utf-8").count(words) < times:
        assert time.monotonic() < end, told.read_text(encoding="utf-8")
        time.sleep(0.1)
