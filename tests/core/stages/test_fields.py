"""What of an event's props comes in, and what is told of the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
from tests.brands import HEAD, folder, happened, opened, rows

from siyu.brand import Brand

NOW = "2026-11-20T12:00"
AT = "2026-11-10T08:00:00"
DECLARED = """
[attribute]
taste = { type = "text", purpose = "match content" }
[field.colour]
purpose = "show the right pot"
events = ["viewed"]
[field.mood]
purpose = "answer kindly"
"""


def said(name: str, kind: str, **props: object) -> dict[str, Any]:
    return happened("ann", kind, AT, name, props=json.dumps(props))


def kept(brand: Brand) -> dict[str, str | None]:
    return dict(rows(brand, "events", "source_id", "props"))


def test_only_declared_fields_come_in(tmp_path: Path) -> None:
    with opened(folder(tmp_path, HEAD + DECLARED)) as brand:
        done = brand.ingest(
            [
                said("1", "viewed", colour="red", phone="+86138", mood="good"),
                said("2", "clicked", colour="red"),
                said("3", "profiled", taste="puer", region="CN", zone="UTC", language="zh", birth_year=1990, income=5),
                said("4", "answered", answer="yes", text="and more"),
                said("5", "viewed", colour="red"),
            ],
            now=NOW,
        )
        assert kept(brand) == {
            "1": '{"colour":"red","mood":"good"}',
            "2": None,
            "3": '{"birth_year":1990,"language":"zh","region":"CN","taste":"puer","zone":"UTC"}',
            "4": '{"answer":"yes"}',
            "5": '{"colour": "red"}',
        }
        assert done.counts["fields dropped"] == 4
        assert done.dropped == [
            ("api", "answered", "text", 1),
            ("api", "clicked", "colour", 1),
            ("api", "profiled", "income", 1),
            ("api", "viewed", "phone", 1),
        ]


def test_what_types_need_is_declared_by_them(tmp_path: Path) -> None:
    with opened(folder(tmp_path, HEAD)) as brand:
        tag = {"value": "x", "expires": 5, "note": "n"}
        done = brand.ingest(
            [
                said("1", "tagged", **tag),
                said("2", "untagged", **tag),
                said("3", "followed", welcome_code="w", welcome_until=5),
                said("4", "messaged", text="hello", form="text"),
            ],
            now=NOW,
        )
        assert [json.loads(text or "{}").keys() for text in kept(brand).values()] == [
            {"value", "expires", "note"},
            {"note"},
            {"welcome_code", "welcome_until"},
            {"form"},
        ]
        assert done.counts["fields dropped"] == 3


def test_a_text_that_is_no_object_is_dropped(tmp_path: Path) -> None:
    with opened(folder(tmp_path, HEAD)) as brand:
        events = [happened("ann", "viewed", AT, name, props=name) for name in ("5", "[1]", "{broken", '"+86138"')]
        done = brand.ingest(events, now=NOW)
        assert set(kept(brand).values()) == {None}
        assert done.dropped == [("api", "viewed", "(no object)", 4)]


def test_what_is_dropped_makes_no_other_fact(tmp_path: Path) -> None:
    with opened(folder(tmp_path, HEAD)) as brand:
        first = brand.ingest([said("1", "viewed", phone="+86138")], now=NOW)
        again = brand.ingest([said("1", "viewed", phone="+49171"), happened("ann", "viewed", AT, "1")], now=NOW)
        assert (first.counts["events"], again.counts["events"], again.counts["rejects"]) == (1, 0, 0)


def test_what_is_dropped_is_not_in_rejects(tmp_path: Path) -> None:
    with opened(folder(tmp_path, HEAD)) as brand:
        brand.ingest([said("1", "xyzzyx", phone="+86138")], now=NOW)
        ((raw,),) = rows(brand, "rejects", "raw")
        assert "xyzzyx" in raw
        assert "+86138" not in raw


def test_without_props_nothing_is_told(tmp_path: Path) -> None:
    with opened(folder(tmp_path, HEAD)) as brand:
        done = brand.ingest([happened("ann", "joined", AT, "1")], now=NOW)
        assert "fields dropped" not in done.counts
        assert done.dropped == []


def test_the_most_frequent_names_of_a_batch_are_told_and_all_are_counted(tmp_path: Path) -> None:
    with opened(folder(tmp_path, HEAD)) as brand:
        names = ["often", *(f"rare{number}" for number in range(60)), "x" * 500]
        events = pl.DataFrame(
            {
                "identity": ["wecom:ann"] * 64,
                "type": ["viewed"] * 64,
                "time": [AT] * 64,
                "source_id": [str(number) for number in range(64)],
                "props": [json.dumps({name: 1}) for name in ["often", "often", *names]],
            }
        )
        done = brand.ingest(events, now=NOW)
        assert done.counts["fields dropped"] == 64
        assert len(done.dropped) == 20
        assert ("api", "viewed", "often", 3) in done.dropped


def test_a_field_is_read_no_longer_than_it_may_be(tmp_path: Path) -> None:
    toml = """
[field.answer]
purpose = "give tags"
keep = "5d"
[tagger.tastes]
use = "survey"
[tagger.tastes.questions]
drink = { answers = { "puer" = "likes-puer" } }
"""
    with opened(folder(tmp_path, HEAD + toml)) as brand:
        brand.ingest([{**said("1", "answered", answer="puer"), "subject": "drink"}], now=NOW)
        brand.run(now="2026-11-15T15:59:59", send=False)
        assert rows(brand, "tags", "tag") == [("likes-puer",)]
        brand.run(now="2026-11-15T16:00:00", send=False)
        assert rows(brand, "tags", "tag") == []


def test_explain_does_not_show_what_is_sensitive(tmp_path: Path) -> None:
    attribute = 'type = "text", purpose = "recipes that agree", '
    toml = "[attribute]\n" + "".join(
        f'{name} = {{ {attribute}keep = "900d", sensitivity = "{name}" }}\n' for name in ("plain", "sensitive")
    )
    with opened(folder(tmp_path, HEAD + toml)) as brand:
        brand.ingest([said("1", "profiled", plain="x", sensitive="y")], now=NOW)
        brand.run(now=NOW, send=False)
        shown = dict(brand.explain("wecom:ann", now=NOW).sections[0].rows)
        assert (shown["plain"], shown["sensitive"]) == ("x", "sensitive: not shown")
