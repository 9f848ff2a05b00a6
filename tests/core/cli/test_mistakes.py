"""A mistake of the user's ends with a message that says what to do, status 1, and no traceback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

import siyu
from siyu.cli import main

Command = Callable[..., Any]

NOW = ("--now", "2026-11-20T11:00")


def refused(ended: Any, *words: str) -> None:  # noqa: ANN401 - see conftest
    assert ended.status == 1, ended
    assert ended.error.splitlines()[-1].strip()
    assert "Traceback" not in ended.error + ended.output
    for word in words:
        assert word in ended.error


@pytest.mark.parametrize("name", ["check", "plan", "run", "tick", "plugins"])
def test_no_folder(command: Command, tmp_path: Path, name: str) -> None:
    refused(command(name, tmp_path / "missing"), "siyu: no brand here", "does not exist", "the folder of a brand")


def test_a_folder_that_is_no_config(command: Command, tmp_path: Path) -> None:
    refused(command("run", tmp_path), "no brand here", "holds no .toml file")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n", encoding="utf-8")
    refused(command("run", tmp_path), "no brand here", "holds no .toml file")
    (tmp_path / "notes.toml").write_text("title = 'notes'\n", encoding="utf-8")
    refused(command("run", tmp_path), "no brand here", "[brand]")
    refused(command("run", tmp_path / "notes.toml"), "no brand here", "is not a folder")
    assert not (tmp_path / ".siyu").exists()


def test_toml_that_is_broken(command: Command, brand: Path) -> None:
    (brand / "more.toml").write_text("[segment\n", encoding="utf-8")
    refused(command("check", brand), "more.toml:1:", "not valid TOML")


def test_a_missing_file(command: Command, brand: Path) -> None:
    (brand / "joined.csv").unlink()
    refused(command("run", brand, *NOW), "joined.csv: there is no such file", "correct 'files' in the config")


def test_a_missing_environment(command: Command, brand: Path) -> None:
    refused(command("run", brand, "--env", "live"), "no environment 'live'", "there are none")


def test_an_unknown_plugin(command: Command, brand: Path) -> None:
    with (brand / "brand.toml").open("a", encoding="utf-8") as file:
        file.write('[tagger.value]\nuse = "ruls"\n')
    refused(command("run", brand), "brand.toml:", "tagger.value", "ruls", "did you mean 'rules'?")


def test_every_mistake_is_told_at_once(command: Command, brand: Path) -> None:
    with (brand / "brand.toml").open("a", encoding="utf-8") as file:
        file.write('[segment]\nold = "days_sinc(\'ordered\') > 3"\n[metric.one]\nuse = "funel"\n')
    refused(command("check", brand), "segment.old", "days_since", "metric.one", "did you mean 'funnel'?")


def test_a_member_that_is_unknown_or_none(command: Command, brand: Path) -> None:
    assert command("run", brand, *NOW).status == 0
    refused(command("explain", brand, "wecom:nobody", *NOW), "wecom:nobody")
    refused(command("explain", brand, "ann", *NOW), "'ann' is no member", "wecom:")
    refused(command("explain", brand, "12345", *NOW), "12345")
    refused(command("explain", brand, "9" * 30, *NOW), "9" * 30)


@pytest.mark.parametrize(
    "now",
    ["tomorrow", "", "2026-13-01", "2026-11-20T25:00", "11/20/2026", "0001-01-01", "9999-12-31T23:59", "1700000000"],
)
def test_a_moment_that_is_none(command: Command, brand: Path, now: str) -> None:
    refused(command("run", brand, "--now", now), f"'{now}' is not a moment", "2026-11-11T10:00")


@pytest.mark.parametrize("now", ["1999-12-31", "2026-11-20 11:00:00+08:00"])
def test_moments(command: Command, brand: Path, now: str) -> None:
    assert command("run", brand, "--now", now).status == 0


def test_a_store_that_another_process_has_open(command: Command, brand: Path) -> None:
    assert command("run", brand, *NOW).status == 0
    holder = "import siyu, sys\nwith siyu.open(sys.argv[1]):\n    print('open', flush=True)\n    sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(brand)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        for name in ("plan", "run", "tick"):
            refused(command(name, brand, *NOW), "store.duckdb", "another program has this store open; wait until")
        assert command("check", brand).status == 0
        other.communicate()
    assert command("run", brand, *NOW).status == 0


def test_a_store_that_is_open_in_this_process(command: Command, brand: Path) -> None:
    with siyu.open(brand):
        refused(command("run", brand, *NOW), "another program has this store open")
    assert command("run", brand, *NOW).status == 0


def test_a_store_that_is_no_store(command: Command, brand: Path) -> None:
    store = brand / ".siyu" / "store.duckdb"
    store.parent.mkdir()
    store.write_text("not a database at all")
    refused(command("run", brand), str(store), "cannot be opened as a store", "[brand] store")
    store.unlink()
    with duckdb.connect(str(store)) as connection:
        connection.execute("CREATE TABLE mine (a INTEGER)")
    refused(command("run", brand), str(store), "no store of siyu", "[brand] store")


def test_a_store_of_a_newer_release(command: Command, brand: Path) -> None:
    assert command("run", brand, *NOW).status == 0
    store = brand / ".siyu" / "store.duckdb"
    with duckdb.connect(str(store)) as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE name = 'schema_version'")
    refused(command("run", brand, *NOW), str(store), "version 99", "install a newer siyu")


def test_a_store_made_with_another_key(command: Command, brand: Path) -> None:
    assert command("run", brand, *NOW).status == 0
    (brand / ".siyu" / "key").unlink()
    refused(command("run", brand, *NOW), "made with another key", "restore that key")


def test_a_key_that_is_not_there(command: Command, brand: Path) -> None:
    text = (brand / "brand.toml").read_text(encoding="utf-8")
    text = text.replace("[gate]", 'key = { env = "SIYU_TEST_NO_KEY" }\n[gate]')
    (brand / "brand.toml").write_text(text, encoding="utf-8")
    refused(command("run", brand), "SIYU_TEST_NO_KEY")


def test_a_folder_that_cannot_be_written(command: Command, brand: Path) -> None:
    (brand / ".siyu").write_text("a file where the folder should be")
    refused(command("run", brand), ".siyu")


def test_a_plugin_of_the_command_that_is_none(command: Command) -> None:
    ended = command("plna")
    assert ended.status == 2
    assert "plna" in ended.error


@pytest.mark.parametrize(
    "arguments",
    [("run", "--sned"), ("run", ".", "too", "many"), ("explain",), ("plan", "--now"), ("check", "--now", "2026-11-20")],
)
def test_wrong_usage(
    command: Command, brand: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(brand)
    ended = command(*arguments)
    assert ended.status == 2
    assert "Error: " in ended.error
    assert "Traceback" not in ended.error


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch, brand: Path) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("siyu.brand.Brand.run", broken)
    with pytest.raises(ZeroDivisionError):
        main(["run", str(brand)])
