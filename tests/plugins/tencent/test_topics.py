from __future__ import annotations

import re

import narwhals as nw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.stores.engine import DuckEngine
from siyu_plugins._tencent.topics import CheckIn, Topic, checked_in, topical

PATTERNS = ["退款|坏了", "打卡", "(?i)price", r"^\d+$", "a.b", "[茶tea]+"]
WORDS = st.text(st.sampled_from("退款坏了打卡PRICEprice12 a.b茶\n"), max_size=8)


@pytest.fixture(scope="module")
def engine() -> DuckEngine:
    import duckdb

    return DuckEngine(duckdb.connect().cursor(), "00")


@pytest.mark.parametrize("pattern", PATTERNS)
@given(texts=st.lists(st.none() | WORDS, min_size=1, max_size=5))
def test_the_first_topic_that_fits_is_taken(engine: DuckEngine, pattern: str, texts: list[str | None]) -> None:
    topics = [Topic(topic="one", matches=pattern), Topic(topic="two", matches="茶|p")]
    frame = engine.frame({"text": texts}, {"text": nw.String()})
    expected = [next((one.topic for one in topics if re.search(one.matches, text or "")), None) for text in texts]
    assert [row[0] for row in engine.rows(topical(frame, topics).select("subject"))] == expected


def test_one_message_may_check_in_to_several_things(engine: DuckEngine) -> None:
    schema = dict.fromkeys(("text", "ref", "type", "subject", "source_id"), nw.String())
    texts = ["打卡 第3天", "hello", None, "早起打卡"]
    columns: dict[str, list[str | None]] = {
        "text": texts,
        "ref": ["g"] * 4,
        "type": ["messaged"] * 4,
        "subject": [None] * 4,
        "source_id": list("1234"),
    }
    words = [CheckIn(matches="打卡", challenge="21-days"), CheckIn(matches="早起")]
    found = [
        row for one in checked_in(engine.frame(columns, schema), words) for row in engine.rows(one.select(*schema))
    ]
    assert [(row[2], row[3], row[4]) for row in found] == [
        ("checked_in", "21-days", "1-checked-in-21-days"),
        ("checked_in", "21-days", "4-checked-in-21-days"),
        ("checked_in", "g", "4-checked-in-"),
    ]


@pytest.mark.parametrize("pattern", ["", "(", "*", "a(?=b)", "(?<!a)b", r"(a)\1", "(?P<n>a)", r"\p{Han}", "a++", "a*+"])
def test_a_pattern_that_engines_read_differently_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="regular expression"):
        Topic(topic="x", matches=pattern)
    with pytest.raises(ValueError, match="regular expression"):
        CheckIn(matches=pattern)
