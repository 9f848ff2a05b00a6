"""Tags by answers: what a member said of themselves."""

from __future__ import annotations

import re
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu.config.units import Duration
from siyu.frames import latest
from siyu.hooks import hookimpl
from siyu.kinds import Frame, Tagger, doc
from siyu_plugins.taggers._newest import ORDER, dated, lasting, newest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from siyu.view import View

__all__ = ["Question", "Survey", "siyu_register_taggers"]

# Written out, since engines disagree on what else is blank.
_BLANK = " \t\r\n\u3000"


@frozen(kw_only=True)
class Question:
    """What the answers to one question say: a tag for each listed answer, a tag with the answer as its value, or both.

    An answer that is not listed gives no tag but that of ``as``.
    """

    answers: dict[str, str] = field(
        factory=dict, metadata=doc("the answers, each with the tag that it gives", example={"green": "likes-green"})
    )
    as_: str = field(
        default="", metadata=doc("a tag that every answer gives, with the answer as its value", example="budget")
    )
    separator: str = field(
        default="",
        metadata=doc("what parts several answers in one text; without it a text is one answer", example="、"),
    )

    @answers.validator
    def _apart(self, _attribute: Attribute[dict[str, str]], value: dict[str, str]) -> None:
        for answer, tag in value.items():
            if not tag:
                message = f"expected the name of a tag for the answer '{answer}'"
                raise ValueError(message)
            if answer.strip(_BLANK) != answer or not answer:
                message = f"expected an answer without blanks around it, not '{answer}'"
                raise ValueError(message)

    @as_.validator
    def _something(self, _attribute: Attribute[str], value: str) -> None:
        if not (value or self.answers):
            message = 'expected answers = { green = "likes-green" }, or as = "drink" for the answer itself'
            raise ValueError(message)
        if value in self.answers.values():
            message = f"'{value}' is a tag of one answer already: name another for the answer itself"
            raise ValueError(message)

    @separator.validator
    def _parts(self, _attribute: Attribute[str], value: str) -> None:
        inside = [answer for answer in self.answers if value and value in answer]
        if inside:
            message = f"the answer '{inside[0]}' has the separator '{value}' in it: no part of a text could be it"
            raise ValueError(message)
        if value.strip(_BLANK) != value:
            message = f"expected a separator without blanks around it, as in separator = ',', not '{value}'"
            raise ValueError(message)

    @property
    def tags(self) -> Sequence[str]:
        """The names of the tags."""
        return tuple(dict.fromkeys((*self.answers.values(), *([self.as_] if self.as_ else []))))

    def gives(self, tag: str) -> nw.Expr:
        """Return whether the text of ``said`` gives a tag."""
        if tag == self.as_:
            return nw.col("said") != ""
        return reduce(or_, (self._holds(answer) for answer, given in self.answers.items() if given == tag))

    def _holds(self, answer: str) -> nw.Expr:
        if not self.separator:
            return nw.col("said") == answer
        apart, blanks = _plain(self.separator), f"[{_BLANK}]*"
        return nw.col("said").str.contains(f"(^|{apart}){blanks}{_plain(answer)}{blanks}({apart}|$)")


@frozen(kw_only=True)
class Survey(Tagger):
    """Gives tags by what members answered: events ``answered``, with the text in ``props.answer``.

    They come in by ``brand.ingest`` or an entry, as ``files`` with ``type = "answered"``, ``subject`` (the question),
    ``ref`` (the survey) and ``props = { answer = "text" }``, where ``text`` is a column of the file.

    Of the answers of a member to one question the newest counts, by second and then by id: its tags take the place of
    those of all earlier ones, also where it gives none. So an empty answer takes an earlier one back, and so does one
    that is not listed. An event without a text, as one with a number or a list for an answer, is no answer at all.
    Answers are compared as they are written, capitals included, but for blanks around them.

    Several answers in one text are told apart by the question's ``separator``; each that is listed gives its tag. The
    value of ``as`` is the whole text. Where two questions give one tag, the newer answer speaks for it. The evidence
    is the question, the answer and the day.

    ```toml
    [tagger.tastes]
    use = "survey"
    survey = "welcome"
    keep = "365d"
    [tagger.tastes.questions]
    drink = { answers = { green = "likes-green", puer = "likes-puer" }, separator = "," }
    budget = { as = "budget" }
    ```
    """

    survey: str = field(
        default="", metadata=doc("the survey that is meant, the event's ref; any by default", example="welcome")
    )
    questions: dict[str, Question] = field(
        metadata=doc("the questions, each the event's subject", example={"budget": {"as": "budget"}})
    )
    keep: Duration | None = field(
        default=None, validator=lasting, metadata=doc("how long an answer holds; for ever by default", example="365d")
    )

    @questions.validator
    def _at_least_one(self, _attribute: Attribute[dict[str, Question]], value: dict[str, Question]) -> None:
        if not value:
            message = 'expected at least one question, as in budget = { as = "budget" }'
            raise ValueError(message)

    @property
    def gives(self) -> Sequence[str]:
        """The names of the tags of all questions."""
        return tuple(dict.fromkeys(tag for question in self.questions.values() for tag in question.tags))

    def tags(self, view: View) -> Frame:
        """Return one row for each member and tag that a newest answer gives: member, tag, value, evidence, expires."""
        answers = view.keep(dated(view, newest(self._answers(view))))
        given = nw.concat(
            [part for name, question in self.questions.items() for part in _given(answers, name, question)]
        )
        expires = nw.col("second") + self.keep.seconds if self.keep else nw.lit(None, nw.Int64)
        return latest(given, ["member", "tag"], ORDER).select(
            "member", "tag", "value", "evidence", expires=expires.cast(nw.Int64)
        )

    def _answers(self, view: View) -> Frame:
        """Return all answers to the questions: member, subject, second, id, day, answer."""
        asked = nw.col("subject").is_in(list(self.questions))
        events = view.events.filter(nw.col("type") == "answered", asked, ~nw.col("member").is_null())
        if self.survey:
            events = events.filter(nw.col("ref") == self.survey)
        read = view.fields(events, {"answer": nw.String()}).filter(~nw.col("answer").is_null())
        return read.select("member", "subject", "second", "id", "day", "answer")


def _plain(text: str) -> str:
    """Return a pattern for a text itself, of the escapes that all engines have."""
    return re.sub(r"[\\.*+?^$()\[\]{}|]", r"\\\g<0>", text)


def _given(answers: Frame, name: str, question: Question) -> Iterator[Frame]:
    text = nw.col("answer").str.strip_chars(_BLANK)
    said = answers.filter(nw.col("subject") == name).with_columns(said=text)
    for tag in question.tags:
        value = nw.col("said") if tag == question.as_ else nw.lit(None, nw.String)
        yield said.filter(question.gives(tag)).select(
            "member", *ORDER, nw.lit(tag).alias("tag"), value.alias("value"), _evidence(name).alias("evidence")
        )


def _evidence(question: str) -> nw.Expr:
    return nw.concat_str(nw.lit(f"{question}: "), nw.col("said"), nw.lit(", "), nw.col("date"))


@hookimpl
def siyu_register_taggers() -> Mapping[str, type[Tagger]]:
    """Bring ``survey``."""
    return {"survey": Survey}
