from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from siyu.config.units import DAY, Duration
from siyu_plugins.taggers.survey import Question, Survey, siyu_register_taggers

Give: TypeAlias = "Callable[..., list[tuple[Any, ...]]]"
ROW = ("member", "tag", "value")
# Noon of the last day is the moment of a run; days begin at midnight, in UTC.
TODAY = 20_000


def answered(member: int, ago: int, answer: object, question: str = "drink", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any column
    props = {"props": json.dumps({"answer": answer})}
    return {"member": member, "type": "answered", "ago": ago, "subject": question, "ref": "welcome"} | props | more


def drinks(**more: Any) -> Survey:  # noqa: ANN401 - any attribute
    answers = {"green": "likes-green", "绿茶": "likes-green", "puer": "likes-puer"}
    return Survey(name="tastes", questions={"drink": Question(answers=answers, separator="、")}, **more)


def test_registered_under_its_name() -> None:
    assert siyu_register_taggers() == {"survey": Survey}
    assert Survey.scope == "member"


def test_gives_the_tags_of_all_questions_once() -> None:
    questions = {"a": Question(answers={"x": "one", "y": "two"}, as_="three"), "b": Question(as_="two")}
    assert Survey(name="tastes", questions=questions).gives == ("one", "two", "three")


def test_the_evidence_is_question_answer_and_day(give: Give) -> None:
    found = give(
        drinks(), [answered(1, 2, " green、 oolong ")], columns=("member", "tag", "value", "evidence", "expires")
    )
    assert found == [(1, "likes-green", None, "drink: green、 oolong, 2024-10-02", None)]


@pytest.mark.parametrize(
    ("answer", "tags"),
    [
        ("green", ["likes-green"]),
        ("绿茶、puer", ["likes-green", "likes-puer"]),
        ("\u3000puer \t、\ngreen、", ["likes-green", "likes-puer"]),
        ("Green", []),
        ("green tea", []),
        ("evergreen、greens", []),
        ("green,puer", []),
        ("", []),
    ],
)
def test_several_answers_of_one_text(give: Give, answer: str, tags: list[str]) -> None:
    assert [tag for _, tag, _ in give(drinks(), [answered(1, 0, answer)], columns=ROW)] == tags


def test_any_sign_may_part_answers_or_be_in_one(give: Give) -> None:
    signs = [*"|.*+?^$()[]{}\\/-,;#&~ä、", "||", "\\d", "a"]
    parting = {sign: Question(answers={"x": sign}, separator=sign) for sign in signs}
    holding = {f"in {sign}": Question(answers={f"1{sign}2": f"in {sign}"}, separator="%") for sign in signs}
    survey = Survey(name="t", questions={**parting, **holding})
    events = [answered(1, 0, f"y{sign} x {sign}z", sign) for sign in signs]
    events += [answered(2, 0, f"yx{sign}z", sign) for sign in signs]
    events += [answered(3, 0, f"1{sign}2%3", f"in {sign}") for sign in signs]
    events += [answered(4, 0, f"1{sign}{sign}2%3", f"in {sign}") for sign in signs]
    expected = [*((1, sign) for sign in signs), *((3, f"in {sign}") for sign in signs)]
    assert give(survey, events, columns=("member", "tag")) == sorted(expected)


def test_without_a_separator_a_text_is_one_answer(give: Give) -> None:
    survey = Survey(name="t", questions={"drink": Question(answers={"green、puer": "both", "puer": "one"})})
    assert give(survey, [answered(1, 0, "green、puer")], columns=ROW) == [(1, "both", None)]


def test_the_newest_answer_counts_and_of_one_second_the_greater_id(give: Give) -> None:
    events = [
        answered(1, 1, "puer", id=7),
        answered(1, 5, "green", id=9),
        answered(2, 1, "puer", id=5),
        answered(2, 1, "green", id=6),
        answered(3, 1, "green", id=4),
        answered(3, 1, "puer", id=3),
    ]
    found = [(1, "likes-puer", None), (2, "likes-green", None), (3, "likes-green", None)]
    assert give(drinks(), events, columns=ROW) == found
    assert give(drinks(), events[::-1], columns=ROW) == found


@pytest.mark.parametrize("word", ["", " ", "oolong"])
def test_an_answer_that_gives_nothing_takes_the_earlier_one_back(give: Give, word: str) -> None:
    assert give(drinks(), [answered(1, 2, "green"), answered(1, 1, word)], columns=ROW) == []


@pytest.mark.parametrize("odd", [7, ["puer"], None, True])
def test_what_is_no_text_is_no_answer(give: Give, odd: object) -> None:
    events = [answered(1, 2, "green"), answered(1, 1, odd), answered(1, 1, "", props=None), answered(2, 1, odd)]
    assert give(drinks(), events, columns=ROW) == [(1, "likes-green", None)]


def test_as_has_every_answer_for_its_value(give: Give) -> None:
    survey = Survey(name="t", questions={"budget": Question(as_="budget", answers={"200+": "rich"})})
    events = [answered(1, 1, " 200+ ", "budget"), answered(2, 1, "little", "budget"), answered(3, 1, "", "budget")]
    assert give(survey, events, columns=ROW) == [(1, "budget", "200+"), (1, "rich", None), (2, "budget", "little")]


def test_of_two_questions_the_newer_answer_speaks_for_a_tag(give: Give) -> None:
    questions = {"a": Question(answers={"yes": "fan"}), "b": Question(as_="fan")}
    survey = Survey(name="t", questions=questions, keep=Duration(9 * DAY))
    events = [
        answered(1, 3, "yes", "a"),
        answered(1, 2, "much", "b"),
        answered(2, 2, "yes", "a"),
        answered(2, 3, "x", "b"),
    ]
    assert give(survey, events, columns=("member", "tag", "value", "evidence", "expires")) == [
        (1, "fan", "much", "b: much, 2024-10-02", (TODAY + 7) * DAY),
        (2, "fan", None, "a: yes, 2024-10-02", (TODAY + 7) * DAY),
    ]


def test_only_the_survey_and_the_questions_that_are_meant(give: Give) -> None:
    events = [answered(1, 2, "green"), answered(1, 1, "puer", ref="summer"), answered(2, 1, "puer", "food")]
    assert give(drinks(survey="welcome"), events, columns=ROW) == [(1, "likes-green", None)]
    assert give(drinks(survey="summer"), events, columns=ROW) == [(1, "likes-puer", None)]
    assert give(drinks(), events, columns=ROW) == [(1, "likes-puer", None)]
    assert give(drinks(), [{**answered(1, 2, "green"), "member": None}], columns=ROW) == []


def test_what_is_to_come_is_not_known(give: Give) -> None:
    assert give(drinks(), [answered(1, -1, "green")], columns=ROW) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"answers": {"a": ""}}, "expected the name of a tag for the answer 'a'"),
        ({"answers": {" a": "x"}}, "expected an answer without blanks around it, not ' a'"),
        ({"answers": {"": "x"}}, "expected an answer without blanks"),
        ({}, "expected answers = "),
        ({"answers": {"a": "x"}, "as_": "x"}, "'x' is a tag of one answer already"),
        ({"answers": {"a,b": "x"}, "separator": ","}, "the answer 'a,b' has the separator ',' in it"),
        (
            {"as_": "x", "separator": ", "},
            "expected a separator without blanks around it, as in separator = ',', not ', '",
        ),
    ],
)
def test_a_question_that_cannot_be_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Question(**wrong)


def test_a_survey_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one question"):
        Survey(name="t", questions={})
    with pytest.raises(ValueError, match="expected how long a tag holds, as in keep = '365d', not '0s'"):
        drinks(keep=Duration(0))
