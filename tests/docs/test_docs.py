from __future__ import annotations

import re
import sys
import tomllib
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tomli_w
from attrs import evolve, fields, frozen

import siyu
from siyu import hooks
from siyu.cli import main
from siyu.cli.main import siyu as command
from siyu.config.programme import load
from siyu.config.tables import Gate
from siyu.kinds import Request
from siyu.registry import discover
from siyu.testing.manual import filled, hook
from siyu.testing.portable import findings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

    from siyu.registry import Registry

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.glob("*.md"))]

# What fragments name: a brand that has a little of everything. What a fragment gives itself takes its place.
BASE = """
[brand]
name = "Base"
[feature]
spend_90d = { sum = "ordered.amount", window = "90d" }
orders_90d = { count = "ordered", window = "90d" }
[tagger.base]
use = "rules"
[tagger.base.when]
active = "orders_90d >= 2"
vip = "orders_90d >= 9"
[segment]
vip = "tag('vip')"
lapsed = "days_since('ordered') > 45"
[content.base]
use = "library"
[content.base.items]
welcome = { kind = "emotion", text = "Hello" }
brew-guide = { kind = "educate", text = "Hello" }
first-cup = { kind = "promo", text = "Hello" }
member-day = { kind = "promo", text = "Hello" }
[channel.wecom]
use = "console"
[campaign.member-day]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "10:00"
say = "welcome"
via = "wecom"
[incentive.points]
use = "points"
from = 2026-11-01
earn = [{ event = "ordered", points = 1 }]
"""


@frozen
class Block:
    page: Path
    line: int
    language: str
    marks: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"

    @property
    def file(self) -> str:
        return next((mark.removeprefix("file=") for mark in self.marks if mark.startswith("file=")), "")


def blocks(page: Path, *languages: str) -> Iterator[Block]:
    lines = page.read_text(encoding="utf-8").splitlines()
    fences = [number for number, line in enumerate(lines) if line.startswith("```")]
    assert len(fences) % 2 == 0, f"{page.name}: a block is not closed"
    for start, end in zip(fences[::2], fences[1::2], strict=True):
        language, *marks = lines[start].removeprefix("```").split()
        if language in languages:
            yield Block(page, start + 1, language, tuple(marks), "\n".join(lines[start + 1 : end]) + "\n")


def of_all(*languages: str) -> list[Any]:
    found = [block for page in PAGES for block in blocks(page, *languages)]
    return [pytest.param(block, id=str(block)) for block in found]


def written_module(block: Block) -> ModuleType:
    name = next(mark.removeprefix("module=") for mark in block.marks if mark.startswith("module="))
    module = module_from_spec(spec_from_loader(name, loader=None))  # type: ignore[arg-type]
    exec(compile(block.text, str(block), "exec", dont_inherit=True), vars(module))  # noqa: S102 - the pages are ours
    return module


def tagger_of_the_pages() -> dict[str, ModuleType]:
    block = next(block for block in blocks(DOCS / "writing-plugins.md", "python") if "module=dormant" in block.marks)
    return {"dormant": written_module(block)}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return discover(extra=tagger_of_the_pages()).require()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_takes_from_the_code_is_up_to_date(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert filled(text, discover()) == text, "run: python -m siyu.testing.manual docs/*.md"


def test_every_hook_has_a_section_with_its_exact_signature() -> None:
    page = (DOCS / "hooks.md").read_text(encoding="utf-8")
    names = {name for name in vars(hooks) if name.startswith("siyu_")}
    assert names == set(re.findall(r"(?m)^## (siyu_\w+)$", page))
    assert all(hook(name) in page for name in names)


def test_every_bundled_component_has_a_section_with_every_key(registry: Registry) -> None:
    page = (DOCS / "components.md").read_text(encoding="utf-8")
    kinds = dict(re.findall(r"(?ms)^## (\w+)\n(.*?)(?=^## |\Z)", page))
    for kind, classes in registry.components.items():
        sections = dict(re.findall(r"(?ms)^### `([\w-]+)`\n(.*?)(?=^### |\Z)", kinds[kind]))
        for use, cls in classes.items():
            if registry.plugins[registry.owner(kind, use)].distribution != "siyu":
                continue
            known = kinds[kind].partition("\n### ")[0] + sections[use]
            keys = [one.name.rstrip("_") for one in fields(cls) if one.name != "name" and not one.metadata.get("given")]
            assert [key for key in keys if f"| `{key}` |" not in known] == []
            assert all(one.metadata.get("doc") for one in fields(cls)), f"{kind} {use} has a key without a word"


def test_every_default_of_the_gate_is_stated_with_its_reason() -> None:
    page = (DOCS / "config.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", page.partition("The defaults are those")[2])
    stated = {key: default for key, default, _ in rows[: len(fields(Gate))]}
    gate, brake = Gate(), Gate().brake
    assert stated == {
        "consent": f"`{gate.consent}`",
        "basis": "none",
        "quiet": f"`{gate.quiet}`",
        "unknown_zone": f"`{gate.unknown_zone}`",
        "in_quiet": f"`{gate.in_quiet}`",
        "caps": ", ".join(str(cap) for cap in gate.caps),
        "distance": f"`{gate.distance}`",
        "budget": "none",
        "fatigue": "none",
        "regions": "none",
        "age": "none",
        "tickets": f"`{gate.tickets}`",
        "ticket_age": f"`{gate.ticket_age}`",
        "brake": f"{brake.times} times, from {brake.least:,}",
        "allow": "nobody",
        "testers": "nobody",
    }
    assert set(stated) == {one.name for one in fields(Gate)}
    assert (gate.basis, gate.budget, gate.fatigue, gate.age) == (None, None, None, None)
    assert (gate.regions, gate.allow) == ({}, ())


@pytest.mark.parametrize("block", of_all("toml"))
def test_toml_is_a_sound_config(block: Block, tmp_path: Path, registry: Registry) -> None:
    tree = tomllib.loads(block.text)
    if "pyproject" in block.marks or block.page.name == "tutorial.md":
        return  # the tutorial is followed below
    if "complete" not in block.marks:
        (tmp_path / "base.toml").write_text(tomli_w.dumps(without(tomllib.loads(BASE), tree)), encoding="utf-8")
    (tmp_path / "fragment.toml").write_text(block.text, encoding="utf-8")
    load(tmp_path, registry)


def without(base: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out of a base what a fragment gives itself."""
    return {table: {key: base[table][key] for key in base[table] if key not in given.get(table, {})} for table in base}


@pytest.mark.parametrize("block", of_all("python"))
def test_python_compiles(block: Block) -> None:
    compile(block.text, str(block), "exec")


def test_the_embedding_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = DOCS / "embedding.md"
    monkeypatch.chdir(tmp_path)
    for block in blocks(page, "toml"):
        put(tmp_path, block)
    names: dict[str, Any] = {}
    for block in blocks(page, "python"):
        assert "run" in block.marks
        exec(compile(block.text, str(block), "exec"), names)  # noqa: S102 - the pages are ours


def put(folder: Path, block: Block) -> None:
    path = folder / block.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")


ORDERS = [
    {"identity": "phone:+8613800000001", "type": "ordered", "time": "2026-09-01T08:15:00Z"},
    {"identity": "phone:+8613800000002", "type": "ordered", "time": "2026-11-01T08:15:00Z"},
]


@pytest.mark.parametrize("page", ["docs/writing-plugins.md", "README.md", "README.zh.md"])
def test_the_plugin_of_a_page_tags_whom_it_should_and_is_portable(page: str, tmp_path: Path) -> None:
    block = next(block for block in blocks(ROOT / page, "python") if "module=dormant" in block.marks)
    (tmp_path / "brand.toml").write_text('[brand]\nname = "A"\n[tagger.sleepy]\nuse = "dormant"\ndays = 45\n')
    with siyu.open(tmp_path, store=":memory:", plugins={"dormant": written_module(block)}) as brand:
        brand.ingest(ORDERS)
        brand.run(now="2026-11-10T11:30")
        tags = brand.table("tags").select("member", "tag").to_native().fetchall()
        assert tags == [(brand.number("phone:+8613800000001"), "sleepy")]
    (tmp_path / "dormant.py").write_text(block.text, encoding="utf-8")
    assert findings(tmp_path / "dormant.py") == []


def test_the_entry_of_a_page_takes_a_message_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    block = next(block for block in blocks(DOCS / "writing-plugins.md", "python") if "module=doorbell" in block.marks)
    entry = '[entry.counter]\nuse = "doorbell"\nsecret = { env = "DOORBELL" }\n'
    (tmp_path / "brand.toml").write_text(f'[brand]\nname = "A"\n{entry}', encoding="utf-8")
    monkeypatch.setenv("DOORBELL", "ding")
    message = Request(method="POST", headers={"x-secret": "ding"}, body=b'{"ring": 7, "card": "a1", "at": 5}', now=9)
    forged, malformed, huge = (
        evolve(message, headers={}),
        evolve(message, body=b"[]"),
        evolve(message, body=b"[" * 9999),
    )
    with siyu.open(tmp_path, store=":memory:", plugins={"doorbell": written_module(block)}) as brand:
        sent = [message, evolve(message, now=10), forged, malformed, huge]
        assert [brand.receive("counter", one).status for one in sent] == [200, 200, 401, 400, 400]
        events = brand.table("events").select("member", "type", "second").to_native().fetchall()
        assert events == [(brand.number("card:a1"), "checked_in", 5)]
    (tmp_path / "doorbell.py").write_text(block.text, encoding="utf-8")
    assert findings(tmp_path / "doorbell.py") == []


def test_the_rule_of_the_hooks_page_holds_on_the_last_day_of_a_month(tmp_path: Path) -> None:
    block = next(block for block in blocks(DOCS / "hooks.md", "python") if "module=month_end" in block.marks)
    brand_toml = next(block for block in blocks(DOCS / "embedding.md", "toml")).text
    (tmp_path / "brand.toml").write_text(brand_toml.replace("on = 2026-11-10", 'on = 2026-11-10\nevery = "day"'))
    orders = [{**ORDERS[1], "source_id": one} for one in ("1", "2")]
    with siyu.open(tmp_path, store=":memory:", plugins={"month_end": written_module(block)}) as brand:
        brand.ingest(orders)
        assert brand.plan(now="2026-11-29T12:00").counts["gate: passed"] == 1
        assert brand.plan(now="2026-11-30T12:00").counts["gate: plugins"] == 1


def test_every_command_is_described_and_every_command_named_exists() -> None:
    known = {*command.list_commands(None), *discover().commands}  # type: ignore[arg-type]
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    assert known == set(re.findall(r"\$ siyu ([a-z]+(?:-[a-z]+)*) --help", page))
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        named = set(re.findall(r"(?:^\$ |`)(?:\.venv/bin/)?siyu ([a-z]+(?:-[a-z]+)*)", text, re.MULTILINE))
        assert named <= known, path.name


def test_every_make_target_named_exists() -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8")))
    for path in PAGES:
        named = set(re.findall(r"(?:^\$ |^|`)make ([a-z-]+)", path.read_text(encoding="utf-8"), re.MULTILINE))
        assert named <= targets, path.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        goal = (page.parent / path).resolve() if path else page
        assert goal.exists(), target
        if anchor:
            assert anchor in anchors(goal), target


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"(?m)^#+ (.+)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_the_tutorial_does_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for block in blocks(DOCS / "tutorial.md", "toml", "csv", "console", "python"):
        if block.file:
            put(tmp_path, block)
        elif block.language == "python":
            exec(compile(block.text, str(block), "exec"), {})  # noqa: S102 - the pages are ours
            assert capsys.readouterr().out.strip() == block.text.partition("  # ")[2].strip()
        else:
            asked, _, expected = block.text.partition("\n")
            assert_shows(printed(asked.removeprefix("$ siyu "), capsys), expected, str(block))


def printed(arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what a command prints, without the lines that tell its progress."""
    try:
        main(arguments.split())
    except SystemExit:
        assert sys.exc_info()[0] is SystemExit
    shown = capsys.readouterr()
    return shown.out + "".join(line for line in shown.err.splitlines(keepends=True) if not line.startswith("… "))


def assert_shows(found: str, expected: str, where: str) -> None:
    """Compare but for white space, rulers and members' numbers; a line of three dots stands for any lines."""
    rest = plain(found)
    for part in re.split(r"(?m)^…$", expected):
        before, shown, rest = rest.partition(plain(part))
        assert shown == plain(part), f"{where}: not found in\n{found}"
        assert not before.strip() or "…" in expected, f"{where}: more was printed:\n{found}"
    assert not rest.strip() or expected.rstrip().endswith("…"), f"{where}: more was printed:\n{found}"


def plain(text: str) -> str:
    return " ".join(re.sub(r"\d{13,}", "NUMBER", re.sub("─+", " ", text)).split())
