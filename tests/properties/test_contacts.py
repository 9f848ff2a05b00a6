"""Follows and groups are the same in whatever order their events come, and those that a plain fold tells."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import HEAD, folder, opened, rounds

if TYPE_CHECKING:
    from pathlib import Path

    from siyu.brand import Brand

START = 1_793_000_000
MEMBERS, STAFF, GROUPS = ["m0", "m1", "m2"], ["ann", "bob", None], ["g1", "g2"]
NOW = START + 1_000


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an event near the others, so that many fall on one second, and some into the future."""
    second = draw(st.integers(0, 12) | st.just(2_000))
    kind = draw(
        st.sampled_from(["followed", "unfollowed", "transferred", "group_joined", "group_left", "group_changed"])
    )
    row = {"type": kind, "time": datetime.fromtimestamp(START + second, UTC).isoformat(), "second": START + second}
    if kind == "group_changed":
        group = draw(st.sampled_from(GROUPS))
        name, owner = draw(st.sampled_from(["one", "two", None])), draw(st.sampled_from(["ann", None]))
        told = [f'"{key}": "{value}"' for key, value in (("name", name), ("owner", owner)) if value]
        return row | {"identity": f"wecom-group:{group}", "ref": group, "props": "{" + ", ".join(told) + "}"}
    row["identity"] = f"wecom:{draw(st.sampled_from(MEMBERS))}"
    if kind.startswith("group"):
        return row | {"subject": draw(st.sampled_from(GROUPS))}
    subject = draw(st.sampled_from(STAFF)) if kind == "transferred" else "member"
    return row | {"staff": draw(st.sampled_from(STAFF)), "subject": subject}


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[list[dict[str, Any]]], tuple[str, str] | None]:
    """Draw events, the same shuffled and parted into batches, and who turns out to be one person in between."""
    named = [one | {"source_id": f"e{number}"} for number, one in enumerate(draw(st.lists(events(), max_size=30)))]
    rest, parts = draw(st.permutations(named)), []
    while rest:
        cut = draw(st.integers(1, len(rest)))
        parts.append(rest[:cut])
        rest = rest[cut:]
    joined = draw(st.none() | st.tuples(st.just("m0"), st.just("m1")))
    return named, parts, joined


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("contacts"), HEAD)


def come(brand: Brand, rows: list[dict[str, Any]]) -> None:
    brand.ingest([{name: value for name, value in row.items() if name != "second"} for row in rows], now=NOW)


def seen(brand: Brand, now: int = NOW) -> dict[str, list[tuple[Any, ...]]]:
    with brand.store.opened() as session:
        view = brand.view(session, now)
        found = {
            "follows": view.rows(view.follows.select("member", "staff", "since", "until", "how")),
            "group_members": view.rows(view.group_members.select("group", "member", "since", "until")),
            "groups": view.rows(view.groups.select("group", "name", "owner")),
            "members": view.rows(view.members.select("member")),
        }
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


@given(history=histories())
@settings(max_examples=rounds(12, 200))
def test_neither_order_nor_batches_matter(path: Path, history: Any) -> None:  # noqa: ANN401 - see histories
    named, parts, joined = history
    with opened(path) as brand:
        for number, part in enumerate(parts):
            come(brand, part)
            if joined and number == 0:
                brand.link(*(f"wecom:{name}" for name in joined), evidence="test", now=NOW)
            brand.run(now=NOW, send=False)
        found = seen(brand)
        numbers = numbered(brand, joined if parts else None)
        newest = {row["source_id"]: number for row, number in zip(named, ids(brand, named), strict=True)}
    assert found == plain(named, numbers, newest)


def numbered(brand: Brand, joined: tuple[str, str] | None) -> dict[str, int]:
    numbers = {name: brand.number(f"wecom:{name}") for name in MEMBERS}
    if joined:
        numbers |= dict.fromkeys(joined, min(numbers[name] for name in joined))
    return numbers


def ids(brand: Brand, named: list[dict[str, Any]]) -> list[int]:
    with brand.store.opened() as session:
        known = dict(session.cursor.execute("SELECT source_id, id FROM events").fetchall())
    return [known[row["source_id"]] for row in named]


def plain(rows: list[dict[str, Any]], numbers: dict[str, int], ids: dict[str, int]) -> dict[str, list[tuple[Any, ...]]]:
    """Fold the events one by one, in the order of their seconds, ends first."""
    contacts: dict[Any, list[tuple[int, bool, str]]] = {}
    crowds: dict[Any, list[tuple[int, bool, str]]] = {}
    facts: dict[str, dict[str, tuple[int, int, str]]] = {}
    known = set()
    for row in (row for row in rows if row["second"] <= NOW):
        second, kind = row["second"], row["type"]
        if kind == "group_changed":
            told = facts.setdefault(row["ref"], {})
            for key, value in json.loads(row["props"]).items():
                told[key] = max(told.get(key, (0, 0, "")), (second, ids[row["source_id"]], value))
            continue
        member = numbers[row["identity"].removeprefix("wecom:")]
        known.add(member)
        if kind.startswith("group"):
            crowds.setdefault((row["subject"], member), []).append((second, kind == "group_joined", ""))
            continue
        contacts.setdefault((member, row["staff"]), []).append((second, kind != "unfollowed", kind))
        if kind == "transferred" and row["subject"] != row["staff"]:
            contacts.setdefault((member, row["subject"]), []).append((second, False, ""))
    follows = [(*key, *span) for key, turns in contacts.items() if key[1] for span in spans(turns)]
    members = [(*key, since, until) for key, turns in crowds.items() for since, until, _ in spans(turns)]
    groups = [(group, *(told.get(key, (0, 0, None))[2] for key in ("name", "owner"))) for group, told in facts.items()]
    found = {"follows": follows, "group_members": members, "groups": groups, "members": [(one,) for one in known]}
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


def spans(turns: list[tuple[int, bool, str]]) -> list[tuple[int, int | None, str]]:
    found: list[tuple[int, int | None, str]] = []
    for second in sorted({second for second, _, _ in turns}):
        here = [(begins, how) for at, begins, how in turns if at == second]
        if any(not begins for begins, _ in here) and found and found[-1][1] is None:
            found[-1] = (found[-1][0], second, found[-1][2])
        hows = [how for begins, how in here if begins]
        if hows and not (found and found[-1][1] is None):
            found.append((second, None, max(hows)))
    return found
