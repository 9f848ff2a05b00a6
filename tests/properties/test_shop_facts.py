"""Every bundled plugin comes to the same over the same facts, shuffled and in halves: the tea shop's own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import pytest
from attrs import evolve
from tests.brands import contents, gapless, opened, rounds

from siyu.config.programme import load
from siyu.kinds import Entry
from siyu.moments import moment
from siyu.registry import discover
from siyu_plugins.entries.simulate import Simulate

SHOP = Path(__file__).parents[2] / "configs" / "tea-shop"
NOW = ("2026-11-10T10:30", "2026-11-12T10:30")
# What a log says of its own making.
OWN = ("runs", "rejects", "identities", "meta")

Facts: TypeAlias = "Mapping[str, Sequence[dict[str, Any]]]"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the shop without its entries: what they would read is handed in."""
    folder = tmp_path_factory.mktemp("bare") / "shop"
    shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns(".siyu", "entries.toml"))
    (folder / ".siyu").mkdir()
    (folder / ".siyu" / "key").write_text("0123456789abcdef" * 4, encoding="ascii")
    return folder


@pytest.fixture(scope="module")
def facts(bare: Path) -> Facts:
    """Return all that the shop's entries read, by table; of claims none, as they do have an order."""
    programme = load(SHOP, discover().require())
    found: dict[str, list[dict[str, Any]]] = {}
    with opened(bare) as brand, brand.store.opened() as session:
        for whole in programme.of(Entry):
            # A part of the audience does.
            entry = evolve(whole, members=rounds(400, 2000)) if isinstance(whole, Simulate) else whole
            now = moment(NOW[-1], programme.brand.zone)
            intake = session.intake(programme, now=now, cursor="", view=partial(brand.view, session, now))
            for batch in entry.read(intake):
                names = batch.rows.drop("line", strict=False).collect_schema().names()
                own = {"source": entry.name} if batch.table in ("events", "items", "costs") else {}
                rows = session.engine.rows(batch.rows.select(*names))
                found.setdefault(batch.table, []).extend({**own, **dict(zip(names, row, strict=True))} for row in rows)
    return {table: [row for row in rows if row.get("type") != "claimed"] for table, rows in found.items()}


def outcomes(bare: Path, parts: Sequence[Facts]) -> list[dict[str, list[tuple[Any, ...]]]]:
    """Take the parts in, run at both moments, and return what all tables then hold."""
    with opened(bare) as brand:
        for part in parts:
            for table in ("events", "items", "consents", "costs"):
                brand.ingest(part[table], table=table, now=NOW[0])
        found = []
        for now in NOW:
            brand.run(now=now, send=False)
            found.append(contents(brand, without=OWN))
        gapless(brand)
        return found


def halves(facts: Facts, chance: Random) -> list[Facts]:
    """Return the facts in two parts, each in any order; an order's lines come with it."""
    mixed = {table: chance.sample(rows, len(rows)) for table, rows in facts.items()}
    first = {table: rows[: len(rows) // 2] for table, rows in mixed.items()}
    orders = {row["source_id"] for row in first["events"]}
    first["items"] = [row for row in mixed["items"] if row["source_id"] in orders]
    second = {table: rows[len(rows) // 2 :] for table, rows in mixed.items()}
    second["items"] = [row for row in mixed["items"] if row["source_id"] not in orders]
    return [first, second]


@pytest.mark.slow
def test_the_facts_of_the_shop_are_order_free(bare: Path, facts: Facts) -> None:
    expected = outcomes(bare, [facts])
    assert all(
        expected[-1][table] for table in ("touches", "steps", "grants", "tags", "tag_changes", "measures", "items")
    )
    for seed in range(rounds(1, 6)):
        assert outcomes(bare, halves(facts, Random(seed))) == expected
