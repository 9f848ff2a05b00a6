from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import duckdb
import narwhals as nw
import pytest

from siyu.config.privacy import Consent
from siyu.engine import Engine
from siyu.stages.words import pattern
from siyu.stores.engine import DuckEngine
from siyu.testing.polars import PolarsEngine


@pytest.fixture(params=["duckdb", "polars"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "polars":
        yield PolarsEngine("k")
        return
    with duckdb.connect() as connection:
        yield DuckEngine(connection, "k")


def wide(text: str) -> str:
    """Write a text in full-width letters and marks, as Chinese keyboards do."""
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text)


def hits(engine: Engine, words: Sequence[str], texts: Sequence[str]) -> list[str]:
    frame = engine.frame({"text": texts}, {"text": nw.String()})
    return [text for (text,) in engine.rows(frame.filter(nw.col("text").str.contains(pattern(words))))]


def test_a_message_that_is_a_word_is_found_however_it_is_written(engine: Engine) -> None:
    texts = ["TD", "td", " Td.", wide("td"), wide("TD!"), "【退订】", "“R”", "t", "N\n", "UNSUBSCRIBE!!", "拒收。"]
    texts += ["\u200bunsubscribe\u200b", f"\u3000{wide('(t)')}", "…Stop…"]
    assert hits(engine, Consent().words, texts) == texts


def test_a_word_within_a_message_is_none(engine: Engine) -> None:
    texts = ["", "td please", "no", "TD1", "退订吗", "不退订", "T D", "R2", "!", "unsubscribed", "我要退订", "t\nd"]
    assert hits(engine, Consent().words, texts) == []


def test_words_of_the_brands_own(engine: Engine) -> None:
    words, yes = ["no more", "OPT-OUT", "ß", "a.b"], ["No  More!", wide("no more"), "opt-out", "SS", "A.B"]
    assert hits(engine, words, [*yes, "nomore", "opt out", "s", "TD", "axb"]) == yes


@pytest.mark.parametrize("word", ["", " ", "!", "…", "_"])
def test_a_word_has_a_letter(word: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"not '{word}'")):
        Consent(words=("TD", word))
