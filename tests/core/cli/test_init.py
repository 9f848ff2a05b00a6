from __future__ import annotations

import json
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.core.audit.conftest import CONTACTS, ORDERS

import siyu
from siyu.config.programme import load
from siyu.registry import discover
from siyu.start import examples

Command = Callable[..., Any]

CHECKOUT = Path(__file__).parents[3]
DAY = ("--today", "2026-11-01")


def loaded(folder: Path) -> Any:  # noqa: ANN401 - a programme
    return load(folder, discover().require())


@pytest.mark.parametrize("entry", ["simulate", "files"])
def test_what_is_proposed_passes_check_and_runs(command: Command, tmp_path: Path, entry: str) -> None:
    folder = tmp_path / "茶社"
    assert command("init", folder, "--yes", "--entry", entry, *DAY).status == 0
    programme = loaded(folder)
    assert (programme.brand.name, programme.brand.zone, programme.brand.currency) == ("茶社", "Asia/Shanghai", "CNY")
    assert str(programme.component("campaign", "welcome").from_) == "2026-11-01"
    assert (folder / ".gitignore").read_text(encoding="utf-8") == ".siyu/\n"
    run = command("run", folder, "--now", "2026-11-02T11:00", "--json")
    assert run.status == 0, run.error
    assert (json.loads(run.output)["counts"]["events"] > 0) == (entry == "simulate")


def test_every_key_is_explained_once(command: Command, tmp_path: Path) -> None:
    command("init", tmp_path, "--yes", *DAY)
    text = (tmp_path / "brand.toml").read_text(encoding="utf-8")
    assert "# zone: the time zone that days are counted in\nzone = " in text
    assert text.count("# from: the first day; events before it start nothing\n") == 1
    assert text.startswith("# The brand.\n")
    assert text.endswith("\n")
    tomllib.loads(text)


def test_answers_are_asked_again_until_they_fit(
    monkeypatch: pytest.MonkeyPatch, command: Command, tmp_path: Path
) -> None:
    answers = iter(["Tea", "Asia/Shanghia", "Asia/Tokyo", "JPY", "files"])
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: next(answers))
    ended = command("init", tmp_path)
    assert ended.status == 0, ended
    assert "did you mean 'Asia/Shanghai'?" in ended.output + ended.error
    programme = loaded(tmp_path)
    assert (programme.brand.name, programme.brand.zone, programme.brand.currency) == ("Tea", "Asia/Tokyo", "JPY")
    assert (tmp_path / "data" / "contacts.csv").exists()


def test_a_wrong_option_is_refused(command: Command, tmp_path: Path) -> None:
    ended = command("init", tmp_path / "a", "--yes", "--zone", "Mars")
    assert ended.status == 1
    assert "--zone: no time zone 'Mars'" in ended.error
    assert not (tmp_path / "a").exists()
    assert command("init", tmp_path / "a", tmp_path / "b", "--yes").status == 2


def test_nothing_is_overwritten(command: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("# mine\n", encoding="utf-8")
    for arguments in (("--yes",), ("--from", "x.csv", "--yes")):
        ended = command("init", tmp_path, *arguments)
        assert (ended.status, "there is a config already" in ended.error) == (1, True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert "is not a folder" in command("init", tmp_path / "file", "--yes").error


@pytest.mark.parametrize("name", ["tea-shop", "complete-journey"])
def test_an_example_is_laid_out(command: Command, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "new" / "brand"
    assert command("init", "--example", name, folder).status == 0
    assert loaded(folder).hash == loaded(CHECKOUT / "configs" / name).hash
    assert not (folder / ".siyu").exists()
    again = command("init", "--example", name, folder)
    assert (again.status, "would be overwritten" in again.error) == (1, True)


def test_an_example_that_is_not_there(command: Command, tmp_path: Path) -> None:
    assert "did you mean 'tea-shop'?" in command("init", "--example", "tee-shop", tmp_path).error
    assert "there are complete-journey, tea-shop" in command("init", "--example", "xyz", tmp_path).error
    assert command("init", "--example", "tea-shop", "--from", "x.csv").status == 2


def test_the_examples_travel_in_the_wheel(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, check=True, capture_output=True, cwd=CHECKOUT)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as files:
        files.extractall(tmp_path / "site")
    show = "from siyu.start import examples; print(*examples().values(), sep='\\n')"
    run = subprocess.run(
        [sys.executable, "-c", show], check=True, capture_output=True, text=True, cwd=tmp_path / "site"
    )
    root = tmp_path / "site" / "siyu" / "examples"
    assert run.stdout.split() == [str(root / name) for name in sorted(examples())]
    assert not [path for path in root.rglob("*") if ".siyu" in path.parts]
    assert (root / "tea-shop" / "data" / "old-list.csv").exists()


def files(folder: Path) -> list[Path]:
    paths = [folder / "orders.csv", folder / "contacts.csv"]
    for path, text in zip(paths, (ORDERS, CONTACTS), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


def test_files_become_entries_that_run(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    ended = command("init", "--from", *files(tmp_path), folder, "--yes", *DAY)
    assert ended.status == 0, ended
    for words in ("What was guessed", "phone:{手机号}", "What to look at", "left out", "not written alike"):
        assert words in ended.output
    programme = loaded(folder)
    assert {entry.name for entry in programme.components["entry"]} == {
        "orders",
        "contacts",
        "contacts-phone",
        "contacts-consents",
    }
    assert programme.component("entry", "orders").files == ("../orders.csv",)
    with siyu.open(folder, store=":memory:") as brand:
        counts = brand.run(now="2026-11-02T11:00").counts
        # What happened before the campaigns began starts none of them.
        assert (counts["events"], counts["consents"], counts["rejects"], counts["touches"]) == (8, 4, 1, 0)
        # Four contacts; of the orders' three phones two are a contact's, however they are written.
        assert counts["members"] == 5


def test_files_that_name_nobody(command: Command, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    ended = command("init", "--from", tmp_path / "x.csv", tmp_path / "shop", "--yes")
    assert (ended.status, "no column says who it is" in ended.error) == (1, True)
    assert not (tmp_path / "shop").exists()
    ended = command("init", "--from", tmp_path / "y.csv", tmp_path / "shop", "--yes")
    assert (ended.status, "there is no such file" in ended.error) == (1, True)
    assert command("init", "--from", "--yes").status == 2


def test_an_audit_for_people_and_machines(command: Command, tmp_path: Path) -> None:
    orders, contacts = files(tmp_path)
    told = command("audit", orders, contacts)
    assert told.status == 0
    for words in ("5 rows; 1 the same as an earlier one", "3 different phone", "consent stated in 75.0%", "33.3%"):
        assert words in told.output
    found = json.loads(command("audit", orders, contacts, "--json").output)
    assert [file["rows"] for file in found["files"]] == [5, 4]
    assert found["matches"][0]["alike"] == 2
    assert found["files"][0]["columns"][0]["roles"] == {"order": 1}
    assert command("audit").status == 2
    assert command("audit", tmp_path / "none.csv").status == 1
    (tmp_path / "z.csv").write_text("a\n1\n", encoding="utf-8")
    assert "nothing can be matched" in command("audit", orders, tmp_path / "z.csv").output


def test_the_help_imports_no_engine() -> None:
    code = "import sys; from siyu.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    code += "print([name for name in ('duckdb', 'narwhals', 'tomli_w', 'rich', 'siyu.audit') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for name in ("init", "audit", "schema"):
        assert f"  {name}" in done.stdout
