"""Opt-out words: which messages are one of them, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.config.privacy import folded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["heard", "pattern"]

_TEXT = {"text": nw.String()}
_SPOKEN = ["messaged", "replied"]
_AROUND = r"[\s\p{Z}\p{P}\p{S}\p{Cf}]*"
_BETWEEN = r"[\s\p{Z}]+"
# A full-width form is so far behind the ASCII character that it shows.
_FULL_WIDTH = 0xFEE0


def heard(work: Work, rows: Frame) -> Frame:
    """Add ``opt_out`` to raw events: whether they are messages whose ``props.text`` is one of the brand's words."""
    words = work.programme.consent.words
    if not words:
        return rows.with_columns(opt_out=nw.lit(value=False))
    said = nw.when(nw.col("type").is_in(_SPOKEN)).then(nw.col("props")).otherwise(None)
    read = work.session.engine.fields(rows.with_columns(said.cast(nw.String).alias("_said")), "_said", _TEXT)
    is_word = nw.col("text").str.contains(pattern(words)).fill_null(value=False)
    return read.with_columns(opt_out=is_word).drop("_said", "text")


def pattern(words: Sequence[str]) -> str:
    """Return a pattern of texts that are one of the words: in any case, of any width, with any marks around."""
    spelled = sorted({_BETWEEN.join(map(_spelled, parts)) for parts in map(folded, words)})
    return f"^{_AROUND}(?:{'|'.join(spelled)}){_AROUND}$"


def _spelled(part: str) -> str:
    return "".join(f"[{''.join(map(_coded, sorted(_forms(letter))))}]" for letter in part)


def _coded(letter: str) -> str:
    return rf"\x{{{ord(letter):X}}}"


def _forms(letter: str) -> set[str]:
    """Return a character in both cases and both widths."""
    cases = {one for one in (letter, letter.upper(), letter.lower()) if len(one) == 1}
    return cases | {chr(ord(one) + _FULL_WIDTH) for one in cases if "!" <= one <= "~"}
