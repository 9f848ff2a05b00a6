"""A distribution of its own, installed into a fresh environment beside siyu as it is built from this checkout.

What both depend on is seen through the environment of the tests, so that nothing is downloaded.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pytest

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
NOW = "2026-11-20T11:00"
ACME = "plugin 'acme' of acme-siyu 1.4.2"

Siyu: TypeAlias = "Callable[..., subprocess.CompletedProcess[str]]"
Variant: TypeAlias = "Callable[..., Path]"


def install(python: Path, source: Path, *options: str) -> None:
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--disable-pip-version-check"]
    alone = ["--no-deps", "--no-build-isolation", "--no-index", *options, str(source)]
    subprocess.run([*pip, *alone], check=True, capture_output=True, text=True)


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of a fresh environment with siyu and acme-siyu."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, symlinks=os.name != "nt")
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / Path(sys.executable).name
    if not python.exists():
        python = scripts / "python"
    show = "import sysconfig; print(sysconfig.get_path('purelib'))"
    found = subprocess.run([python, "-c", show], check=True, capture_output=True, text=True).stdout.strip()
    outer = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    Path(found, "tests-environment.pth").write_text("\n".join(sorted(outer)), encoding="utf-8")
    install(python, CHECKOUT, "--ignore-installed")
    install(python, HERE / "acme-siyu")
    return python


@pytest.fixture
def siyu(python: Path) -> Siyu:
    """Return what runs the command in the fresh environment, with further distributions before all others."""

    def run(*arguments: str | Path, distributions: Sequence[Path] = ()) -> subprocess.CompletedProcess[str]:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        environment |= {"PYTHONPATH": os.pathsep.join(map(str, distributions)), "PYTHONUTF8": "1"}
        command = [str(python), "-c", "from siyu.cli import main; main()", *map(str, arguments)]
        return subprocess.run(command, check=False, capture_output=True, text=True, env=environment)

    return run


@pytest.fixture
def variant(python: Path, tmp_path: Path) -> Variant:
    """Return what installs an edited acme-siyu into a folder of its own."""

    def installed(name: str = "acme-siyu", version: str = "1.4.2", **edits: tuple[str, str]) -> Path:
        source, target = tmp_path / f"{name}-source", tmp_path / name
        shutil.copytree(HERE / "acme-siyu", source)
        project, module = source / "pyproject.toml", source / "acme_siyu" / "__init__.py"
        text = project.read_text(encoding="utf-8")
        text = text.replace('"acme-siyu"', f'"{name}"').replace('"1.4.2"', f'"{version}"')
        project.write_text(replaced(text, edits.get("project")), encoding="utf-8")
        module.write_text(replaced(module.read_text(encoding="utf-8"), edits.get("module")), encoding="utf-8")
        package = name.replace("-", "_")
        if package != "acme_siyu":
            module.parent.rename(source / package)
            project.write_text(
                project.read_text(encoding="utf-8").replace('"acme_siyu"', f'"{package}"'), encoding="utf-8"
            )
        install(python, source, "--target", str(target))
        return target

    return installed


def replaced(text: str, edit: tuple[str, str] | None) -> str:
    assert edit is None or edit[0] in text
    return text.replace(*edit) if edit else text


@pytest.fixture
def brand(tmp_path: Path) -> Path:
    return Path(shutil.copytree(HERE / "brand", tmp_path / "brand"))


def listed(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {plugin["name"] + (f"/{plugin['distribution']}"): plugin for plugin in json.loads(done.stdout)}


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Check that a command ended with a message and no traceback."""
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    assert "Traceback" not in done.stdout
    for word in words:
        assert word in done.stderr


def test_siyu_itself_is_the_built_one(python: Path) -> None:
    show = "import siyu, siyu_plugins; print(siyu.__file__); print(siyu_plugins.__file__)"
    found = subprocess.run([python, "-c", show], check=True, capture_output=True, text=True).stdout.split()
    fresh = python.parents[1]
    assert all(Path(file).is_relative_to(fresh) for file in found)
    assert all(Path(file).with_name("py.typed").exists() for file in found)


def test_it_is_discovered(siyu: Siyu) -> None:
    done = siyu("plugins", "--json")
    assert done.returncode == 0, done.stderr
    acme = listed(done)["acme/acme-siyu"]
    assert (acme["version"], acme["state"], acme["error"]) == ("1.4.2", "loaded", "")
    assert acme["brings"] == ["command acme", "event tasted", "tagger taster"]
    assert {plugin["state"] for plugin in listed(done).values()} == {"loaded"}


@pytest.mark.parametrize("example", ["tea-shop", "complete-journey"])
def test_an_example_is_laid_out_from_the_wheel(siyu: Siyu, tmp_path: Path, example: str) -> None:
    done = siyu("init", "--example", example, tmp_path / "new")
    assert done.returncode == 0, done.stderr
    done = siyu("check", tmp_path / "new")
    assert done.returncode == 0, done.stderr
    assert "the config is sound" in done.stdout


def test_it_runs(siyu: Siyu, brand: Path) -> None:
    done = siyu("run", brand, "--now", NOW, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["counts"]["events"] == 3
    assert told["counts"]["tags"] == 1
    verdicts = {(row["campaign"], row["state"], row["reason"], row["members"]) for row in told["touches"]}
    assert verdicts == {("invite", "queued", "", 1), ("embargo", "suppressed", "acme forbids it", 2)}
    explained = siyu("explain", brand, "wecom:ann", "--now", NOW, "--json")
    tags = next(part for part in json.loads(explained.stdout)["sections"] if part["stage"] == "tags")
    assert dict(zip(tags["columns"], tags["rows"][0], strict=True))["value"] == "2"


def test_it_brings_a_command(siyu: Siyu) -> None:
    done = siyu("acme", "--to", "Ann")
    assert (done.returncode, done.stdout) == (0, "acme greets Ann\n")
    assert siyu("acne").returncode == 2


def test_it_is_blocked_by_name(siyu: Siyu, brand: Path) -> None:
    with (brand / "brand.toml").open("a", encoding="utf-8") as file:
        file.write('[plugins]\nblock = ["acme"]\n')
    found = listed(siyu("plugins", brand, "--json"))["acme/acme-siyu"]
    assert (found["state"], found["brings"]) == ("blocked", [])
    refused(siyu("check", brand), "taster", "tagger.regular")


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (("import click\n", "import a_module_that_is_not_there\n"), "ModuleNotFoundError: No module named"),
        (("def siyu_register_taggers", "def siyu_register_tagers"), "did you mean 'siyu_register_taggers'?"),
        (('{"taster": Taster}', '{"rules": Taster}'), "tagger 'rules' is brought by plugin 'rules' of siyu "),
        (('{"acme": acme}', "1 // 0"), "ZeroDivisionError"),
        (("import click\n", "import click\nraise SystemExit('no licence')\n"), "no licence"),
    ],
)
def test_a_broken_one_is_named_with_its_version(
    siyu: Siyu, brand: Path, variant: Variant, edit: tuple[str, str], words: str
) -> None:
    broken = [variant(version="2.0.0", module=edit)]
    refused(
        siyu("run", brand, "--now", NOW, distributions=broken), "plugin 'acme' of acme-siyu 2.0.0: ", words, "block"
    )
    assert not (brand / ".siyu").exists()
    found = siyu("plugins", "--json", distributions=broken)
    assert found.returncode == 1
    plugins = listed(found)
    assert plugins.pop("acme/acme-siyu")["brings"] == []
    assert {plugin["state"] for plugin in plugins.values()} == {"loaded"}


def test_a_broken_one_can_be_blocked(siyu: Siyu, brand: Path, variant: Variant) -> None:
    broken = [variant(module=("import click\n", "import a_module_that_is_not_there\n"))]
    text = (brand / "brand.toml").read_text(encoding="utf-8")
    text = text.replace('[tagger.regular]\nuse = "taster"\ntimes = 2', '[plugins]\nblock = ["acme"]')
    text = text.replace("to = \"tag('regular')\"\n", "").replace('type = "tasted"', 'type = "checked_in"')
    (brand / "brand.toml").write_text(text, encoding="utf-8")
    done = siyu("run", brand, "--now", NOW, "--json", distributions=broken)
    assert done.returncode == 0, done.stderr
    verdicts = {(row["campaign"], row["state"]) for row in json.loads(done.stdout)["touches"]}
    assert ("embargo", "queued") in verdicts
    assert "suppressed" not in {state for _, state in verdicts}


def test_one_that_fails_in_a_run_is_named_with_its_version(siyu: Siyu, brand: Path, variant: Variant) -> None:
    at_once = variant(module=("tastings = view.events", "tastings = 1 // 0, view.events"))
    refused(siyu("run", brand, "--now", NOW, distributions=[at_once]), "tagger.regular failed in", ACME, "ZeroDivision")


def test_one_that_fails_in_the_engine_is_named_with_its_version(siyu: Siyu, brand: Path, variant: Variant) -> None:
    later = variant(module=('nw.col("campaign") == "embargo"', 'nw.col("campaign").cast(nw.Int64) == 1'))
    refused(siyu("run", brand, "--now", NOW, distributions=[later]), "siyu_guard_touches failed in", ACME)


def test_two_of_one_name(siyu: Siyu, brand: Path, variant: Variant) -> None:
    rival = [variant("rival-siyu", "0.9")]
    refused(siyu("check", brand, distributions=rival), "plugin 'acme' of rival-siyu 0.9: its name is taken by " + ACME)
    plugins = listed(siyu("plugins", "--json", distributions=rival))
    assert (plugins["acme/acme-siyu"]["state"], plugins["acme/rival-siyu"]["state"]) == ("loaded", "broken")


def test_two_that_bring_the_same(siyu: Siyu, brand: Path, variant: Variant) -> None:
    rival = [variant("rival-siyu", "0.9", project=("acme =", "rival ="))]
    refused(
        siyu("check", brand, distributions=rival),
        f"plugin 'rival' of rival-siyu 0.9: ValueError: tagger 'taster' is brought by {ACME} already",
    )
    with (brand / "brand.toml").open("a", encoding="utf-8") as file:
        file.write('[plugins]\nblock = ["rival"]\n')
    assert siyu("check", brand, distributions=rival).returncode == 0
