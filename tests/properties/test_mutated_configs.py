"""Whatever happens to a config's text, the answer is a config or a list of placed problems."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.config.programme import load
from siyu.errors import ConfigError, Problem
from siyu.registry import Registry, discover

CONFIGS = Path(__file__).parents[2] / "configs"
ROUNDS = settings.default.max_examples if settings.default else 12
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in sorted((CONFIGS / "tea-shop").glob("*.toml"))}

SYNTAX = [
    "",
    "=",
    "[",
    "]",
    "]]",
    "{",
    "}",
    '"',
    "'",
    '"""',
    ",",
    ".",
    "#",
    "\n",
    "\t",
    "\\",
    "\x00",
    "[1, 'a']",
    "{ a = 1 }",
]
VALUES = [
    "true",
    "false",
    "-1",
    "0",
    "1e400",
    "nan",
    "9" * 25,
    "3.5",
    '"90d"',
    '"500.00"',
    '"x"',
    "2026-13-01",
    "2026-02-30",
]
WORDS = ["[brand]", "[campaign]", "[segment.x]", "use", "name", "when", "steps", "segment('x')", "tag('vip')", "not ("]
MORE = ["days_since('ordered')", "spend_90d", "and", "日", "é", "\u202e", "\uff11"]
JUNK = st.sampled_from([*SYNTAX, *VALUES, *WORDS, *MORE])


@pytest.fixture(scope="module")
def registry() -> Registry:
    return discover().require()


@st.composite
def mutations(draw: st.DrawFn) -> dict[str, str]:
    """Change one to four places of the files: lines go, come twice or change places; words and values change."""
    texts = dict(TEXTS)
    for _ in range(draw(st.integers(1, 4))):
        name = draw(st.sampled_from(sorted(texts)))
        texts[name] = _changed(draw, texts[name])
    return texts


def _changed(draw: st.DrawFn, text: str) -> str:
    lines = text.split("\n")
    at = draw(st.integers(0, len(lines) - 1))
    how = draw(st.sampled_from(["drop", "twice", "swap", "value", "word", "insert", "cut"]))
    if how == "drop":
        del lines[at]
    elif how == "twice":
        lines.insert(at, lines[at])
    elif how == "swap":
        other = draw(st.integers(0, len(lines) - 1))
        lines[at], lines[other] = lines[other], lines[at]
    elif how == "value" and "=" in lines[at]:
        lines[at] = f"{lines[at].partition('=')[0]}= {draw(JUNK)}"
    elif how == "cut":
        lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
    else:
        begin = draw(st.integers(0, len(lines[at])))
        end = begin if how == "insert" else draw(st.integers(begin, min(len(lines[at]), begin + 8)))
        lines[at] = lines[at][:begin] + draw(JUNK) + lines[at][end:]
    return "\n".join(lines)


@pytest.mark.slow
@settings(max_examples=ROUNDS * 20)
@given(texts=mutations())
def test_the_answer_is_a_config_or_placed_problems(registry: Registry, texts: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
        for problem in problems(folder, registry):
            assert problem.message
            # A folder without a [brand] table has no place to point at.
            if "no brand here" not in problem.message:
                check_place(problem, texts)


def check_place(problem: Problem, texts: dict[str, str]) -> None:
    """The place is one of the text's: the line is that line, and the caret is under what stands there."""
    lines = texts[Path(problem.file).name].replace("\r\n", "\n").split("\n")
    assert lines[problem.line - 1].removeprefix("\ufeff") == problem.source or "*" in problem.source, str(problem)
    assert 1 <= problem.column <= len(problem.source) + 1, str(problem)
    assert problem.width >= 1
    assert str(problem).splitlines()


def problems(folder: Path, registry: Registry) -> tuple[Problem, ...]:
    """Return what is wrong with a config; nothing where it is sound."""
    try:
        load(folder, registry)
    except ConfigError as error:
        return error.problems
    return ()
