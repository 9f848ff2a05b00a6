from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.brands import HEAD, fingerprints, folder, opened, rows
from tests.pushes import NOW, SECRET, hashed, post

from siyu.errors import ConfigError
from siyu.kinds import Request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from siyu.brand import Brand

TOML = (
    HEAD
    + """
[entry.listed]
use = "survey"
survey = "welcome"
rows = "form"
id = "token"
member = "wecom:{hidden.id}"
time = "/at"
answers = "answers"
question = "field.ref"
answer = ["choice.label", "choices.labels", "text", "number"]
[entry.listed.signature]
secrets = [{ file = "secret" }]
header = "Form-Signature"
encoding = "base64"
prefix = "sha256="
timestamp = ""
[entry.keyed]
use = "survey"
signature = { secrets = [{ file = "secret" }] }
survey = "welcome"
member = "wecom:{who}"
answers = "answers"
[entry.flat]
use = "survey"
signature = { secrets = [{ file = "secret" }] }
survey = "taste"
id = "{form}-{no}"
member = "phone:{entry.mobile}"
questions = { "entry.field_1" = "drink", "entry.field_2" = "budget" }
separator = "|"
[tagger.says]
use = "survey"
survey = "welcome"
[tagger.says.questions.drink]
separator = "、"
answers = { "绿茶" = "likes-green", "普洱" = "likes-puer" }
"""
)
COLUMNS = ("source_id", "subject", "ref", "props")


@pytest.fixture
def brand(tmp_path: Path) -> Iterator[Brand]:
    (tmp_path / "secret").write_text(SECRET, encoding="utf-8")
    with opened(folder(tmp_path, TOML)) as made:
        yield made


def said(brand: Brand) -> dict[str, str]:
    return {name: json.loads(props)["answer"] for name, props in rows(brand, "events", "source_id", "props")}


def test_a_list_of_answers(brand: Brand) -> None:
    answers = [
        {"field": {"ref": "drink"}, "choices": {"labels": ["绿茶", "普洱"]}},
        {"field": {"ref": "budget"}, "choice": {"label": " 50 to 200 "}},
        {"field": {"ref": "cups"}, "number": 2.50},
        {"field": {"ref": "why"}, "text": ""},
        {"field": {"ref": "when"}},
        {"field": {}, "text": "to no question"},
    ]
    body = json.dumps({"at": NOW, "form": {"token": "t1", "hidden": {"id": "ann"}, "answers": answers}}).encode()
    headers = {"form-signature": "sha256=" + hashed(body, "sha256", "base64")}
    assert brand.receive("listed", Request(method="POST", headers=headers, body=body, now=NOW)).status == 200
    assert said(brand) == {"t1/drink": "绿茶、普洱", "t1/budget": "50 to 200", "t1/cups": "2.5"}
    assert set(rows(brand, "events", "type", "ref", "second")) == {("answered", "welcome", NOW)}
    brand.run(now=NOW)
    assert [row for row in rows(brand, "tag_changes", "tag") if row[0].startswith("likes")] == []
    with brand.store.opened() as session:
        tagged = brand.view(session, NOW).tags
        names = sorted(name for (name,) in session.engine.rows(tagged.select("tag")))
    assert names == ["likes-green", "likes-puer"]


def test_an_object_of_answers(brand: Brand) -> None:
    answers = {"drink": "绿茶", "cups": 3, "sweet": True, "no": None, "list": [], "more": {"a": 1}}
    message = {"id": "r1", "who": "ann", "time": NOW, "answers": answers}
    post(brand, "keyed", [message, {**message, "id": "r2", "who": None}])
    assert said(brand) == {"r1/drink": "绿茶", "r1/cups": "3", "r1/sweet": "true", "r1/more": '{"a":1}'}
    assert set(rows(brand, "rejects", "line", "reason")) == {(2, "member: there is no value")}
    before = fingerprints(brand)
    post(brand, "keyed", [message, {**message, "id": "r2", "who": None}])
    assert fingerprints(brand) == before


def test_answers_among_other_fields(brand: Brand) -> None:
    entry = {"mobile": "+8613800000000", "field_1": ["a", "b"], "field_2": 7, "field_3": "x"}
    post(brand, "flat", {"form": "f", "no": 3, "time": NOW, "entry": entry})
    assert rows(brand, "events", *COLUMNS) == [
        ("f-3/drink", "drink", "taste", '{"answer":"a|b"}'),
        ("f-3/budget", "budget", "taste", '{"answer":"7"}'),
    ]


@pytest.mark.parametrize("answers", [None, "text", 7])
def test_a_response_without_answers_is_set_apart(brand: Brand, answers: object) -> None:
    message: dict[str, Any] = {"id": "r1", "who": "ann", "time": NOW, "answers": answers}
    assert post(brand, "keyed", message).status == 200
    assert rows(brand, "events") == []
    assert rows(brand, "rejects", "reason") == [("id: there is no value",)]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('answers = "answers"\n[entry.flat]', "[entry.flat]", "say in 'answers'"),
        ('"number"]', '""]', "at least one field"),
    ],
)
def test_a_mistake_in_the_config_is_told(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in TOML
    with pytest.raises(ConfigError, match=words), opened(folder(tmp_path, TOML.replace(old, new))):
        pass
