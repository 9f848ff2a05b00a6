from __future__ import annotations

from pathlib import Path

import pytest

from siyu.config.files import Source, read
from siyu.errors import ConfigError, Problem

BRAND = '[brand]\nname = "Tea"\n'


def folder(path: Path, **files: str) -> Path:
    for name, text in files.items():
        file = path / f"{name.replace('__', '/')}.toml"
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(text, encoding="utf-8")
    return path


def refused(path: Path, environment: str | None = None) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as raised:
        read(path, environment)
    return raised.value.problems


def twice(source: Source) -> str:
    (problem,) = source.problems
    return str(problem)


def test_files_are_merged_into_one_tree(tmp_path: Path) -> None:
    source = read(folder(tmp_path, a=BRAND + "[feature]\nx = 1\n", b="[feature]\ny = 2\n[segment]\nz = 'w'\n"))
    assert source.tree == {"brand": {"name": "Tea"}, "feature": {"x": 1, "y": 2}, "segment": {"z": "w"}}
    assert Path(source.file(("feature", "y"))).name == "b.toml"
    assert not source.problems


def test_a_component_may_be_extended_over_files(tmp_path: Path) -> None:
    source = read(folder(tmp_path, a=BRAND + "[tagger.v]\nuse = 'rules'\n", b="[tagger.v.when]\nx = 'y'\n"))
    assert source.tree["tagger"] == {"v": {"use": "rules", "when": {"x": "y"}}}


def test_a_key_given_twice_names_both_places(tmp_path: Path) -> None:
    source = read(folder(tmp_path, a=BRAND + "[feature]\nx = 1\n", b="[feature]\nx = 2\n"))
    assert twice(source).startswith(
        f"{tmp_path / 'b.toml'}:2:1: feature.x: given twice: also at {tmp_path / 'a.toml'}:4"
    )


def test_an_inline_table_is_not_extended(tmp_path: Path) -> None:
    source = read(folder(tmp_path, a=BRAND + "[feature]\nx = { a = 1 }\n", b="[feature]\nx.b = 2\n"))
    assert "feature.x: given twice" in twice(source)


def test_arrays_of_tables_are_not_extended(tmp_path: Path) -> None:
    source = read(folder(tmp_path, a=BRAND + "[[gate.caps]]\na = 1\n", b="[[gate.caps]]\na = 2\n"))
    assert "gate.caps: given twice" in twice(source)


def test_a_key_given_twice_in_one_file_names_both_places(tmp_path: Path) -> None:
    (problem,) = refused(folder(tmp_path, a=BRAND + "name = 'x'\n"))
    assert problem.message == f"given twice: also at {tmp_path / 'a.toml'}:2"
    assert (problem.line, problem.column, problem.width) == (3, 1, 4)
    (problem,) = refused(folder(tmp_path, a=BRAND + "[x]\na = 1\n[x]\nb = 2\n"))
    assert problem.message == f"given twice: also at {tmp_path / 'a.toml'}:3"


def test_an_environment_overrides(tmp_path: Path) -> None:
    texts = {
        "a": BRAND + "zone = 'UTC'\nkey = { file = 'k' }\n",
        "env__live": "[brand]\nname = 'Live'\nkey = { env = 'K' }\n",
    }
    source = read(folder(tmp_path, **texts), "live")
    assert source.tree["brand"] == {"name": "Live", "zone": "UTC", "key": {"env": "K"}}
    assert Path(source.file(("brand", "key", "env"))).name == "live.toml"
    assert Path(source.file(("brand", "zone"))).name == "a.toml"
    assert read(tmp_path).tree["brand"]["name"] == "Tea"


def test_an_environment_includes_nothing(tmp_path: Path) -> None:
    folder(tmp_path, a=BRAND, env__live="[brand]\n[include]\n")
    (problem,) = refused(tmp_path, "live")
    assert (problem.message, problem.line) == ("an environment includes no files", 2)


def test_an_unknown_environment_is_hinted(tmp_path: Path) -> None:
    (problem,) = refused(folder(tmp_path, a=BRAND, env__staging="", env__live=""), "stagin")
    assert problem.message.endswith("stagin.toml does not exist; there are: live, staging")
    assert problem.hint == "did you mean 'staging'?"
    refused(tmp_path, "../a")


def test_what_is_no_brand(tmp_path: Path) -> None:
    assert refused(tmp_path / "x")[0].message.startswith(f"no brand here: {tmp_path / 'x'} does not exist; run `siyu`")
    (tmp_path / "file").touch()
    assert "is not a folder" in refused(tmp_path / "file")[0].message
    (tmp_path / "pyproject.toml").write_text(BRAND)
    (tmp_path / ".hidden.toml").write_text(BRAND)
    assert "holds no .toml file; run `siyu` with the folder of a brand" in refused(tmp_path)[0].message
    folder(tmp_path, a="[feature]\n")
    assert "has a [brand] table; add one" in refused(tmp_path)[0].message


def test_all_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    folder(tmp_path, a=BRAND + "x = \n", b="[brand\n", d="x = " + "[" * 20_000)
    (tmp_path / "c.toml").write_bytes(b"[x]\na = '\xe9'\n")
    problems = {Path(problem.file).name: problem for problem in refused(tmp_path)}
    assert (problems["a.toml"].line, problems["a.toml"].column) == (3, 5)
    assert problems["a.toml"].message.startswith("not valid TOML: invalid value")
    assert problems["b.toml"].line == 1
    assert problems["c.toml"].message == "not UTF-8: save the file as UTF-8"
    assert (problems["c.toml"].line, problems["c.toml"].column) == (2, 6)
    assert problems["d.toml"].message == "not valid TOML: too deeply nested"
    assert (problems["d.toml"].line, problems["d.toml"].column) == (1, 5)


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("weight = " + "9" * 5_000, "not valid TOML: too long a number", 10),
        (".".join("a" * 3_000) + " = 1", "not valid TOML: too deeply nested", 1),
        (f"[{'.'.join('a' * 3_000)}]", "not valid TOML: too deeply nested", 1),
        ("x = " + "{ a = " * 200 + "1" + " }" * 200, "not valid TOML: too deeply nested", 5),
    ],
    ids=["number", "key", "header", "inline"],
)
def test_what_python_itself_cannot_read_is_placed(tmp_path: Path, text: str, message: str, column: int) -> None:
    (problem,) = refused(folder(tmp_path, a=BRAND + text + "\n"))
    assert (problem.message, problem.line, problem.column) == (message, 3, column)


@pytest.mark.parametrize("name", ["/no/*.toml", "a**b/*.toml", "", ".", "a" * 5_000, "*" + "a" * 300, "no.toml"])
def test_what_is_included_and_is_no_file_is_placed(tmp_path: Path, name: str) -> None:
    folder(tmp_path, a=f'include = ["b.txt", "{name}"]\n{BRAND}')
    (tmp_path / "b.txt").write_text("[segment]\n", encoding="utf-8")
    (problem,) = refused(tmp_path)
    assert (problem.path, problem.line, problem.column) == (("include", "1"), 1, 21)
    assert problem.message.startswith(f"includes '{name[:60]}")
    assert problem.message.endswith("', which is no file")
    assert problem.hint == "paths and globs start from the file's own folder"


def test_an_include_of_another_type_is_placed(tmp_path: Path) -> None:
    (problem,) = refused(folder(tmp_path, a="include = 3\n" + BRAND))
    assert (problem.message.partition(",")[0], problem.line, problem.column) == ("expected a list of paths", 1, 11)


def test_a_byte_order_mark_and_windows_lines_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xef\xbb\xbf" + BRAND.replace("\n", "\r\n").encode())
    source = read(tmp_path)
    problem = source.problem(("brand", "name"), "no")
    assert (problem.line, problem.column, problem.source) == (2, 8, 'name = "Tea"')


def test_a_problem_is_placed_within_a_text(tmp_path: Path) -> None:
    source = read(folder(tmp_path, a=BRAND + '[segment]\nvip = "spend > 1"\n'))
    problem = source.problem(("segment", "vip"), "no", offset=8, width=1, hint="h", owner="o")
    assert str(problem).splitlines() == [
        f"{tmp_path / 'a.toml'}:4:16: segment.vip (o): no",
        '    vip = "spend > 1"',
        "                   ^",
        "    h",
    ]
