"""Surveys: the answers to a questionnaire, as the service that asks it posts them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.kinds import Batch, Entry, Intake, doc
from siyu_plugins.entries._json import at, text_of
from siyu_plugins.entries._pushed import Pushed
from siyu_plugins.entries._sheet import Item, Sheet, items, within

__all__ = ["Survey", "siyu_register_entries"]

_SEPARATOR = "、"


@frozen(kw_only=True)
class Survey(Pushed):
    """Takes the responses to a questionnaire: each answer is an event ``answered``, with ``props.answer``.

    Services write answers in one of three shapes, and the config says in which:

    - a list of objects at ``answers``, each with its ``question`` and its ``answer`` (of several fields the first that
      is there, as where each kind of question has a field of its own);
    - an object at ``answers`` with the questions as its keys;
    - fields of the response itself: then ``answers`` is empty, and ``questions`` lists them.

    Several choices become one text, parted by ``separator``, which the tagger ``survey`` can take apart. A question
    without an answer is left out. A response is known by its id: the same one again leaves nothing new.

    ```toml
    [entry.taste]
    use = "survey"
    signature = { secrets = [{ env = "SURVEY_SECRET" }] }
    rows = "form_response"
    survey = "welcome"
    id = "token"
    member = "wecom:{hidden.id}"
    time = "submitted_at"
    answers = "answers"
    question = "field.ref"
    answer = ["choice.label", "choices.labels", "text", "number"]
    ```
    """

    survey: str = field(metadata=doc("the survey's name", example="welcome"))
    member: str = field(
        metadata=doc("whose answers they are, a template of kind:value", example="wecom:{hidden.external_userid}")
    )
    rows: str = field(default="", metadata=doc("the path of the response or the list of responses; the message itself"))
    id: str = field(default="id", metadata=doc("the response's id, a path or a template"))
    time: str = field(default="time", metadata=doc("when it was sent; UTC where no offset is written"))
    answers: str = field(default="", metadata=doc("the path of the answers; the response itself", example="answers"))
    question: str = field(
        default="question", metadata=doc("in a list of answers the question's id or words", example="field.ref")
    )
    answer: tuple[str, ...] = field(
        default=("answer",),
        metadata=doc("in a list of answers what was answered: the first of these fields that is there"),
    )
    questions: dict[str, str] = field(
        factory=dict,
        metadata=doc("the questions that are taken, each with its name here; all by default", example={"q1": "drink"}),
    )
    separator: str = field(default=_SEPARATOR, metadata=doc("what parts several choices of one answer"))

    @questions.validator
    def _check_questions(self, _: Attribute[Any], value: Mapping[str, str]) -> None:
        if not (value or self.answers):
            raise ValueError("list the fields that are answers, or say in 'answers' where the answers stand")

    @answer.validator
    def _check_answer(self, _: Attribute[Any], value: tuple[str, ...]) -> None:
        if not value or not all(value):
            raise ValueError('expected at least one field, as in ["answer"]')

    def facts(self) -> Mapping[str, object]:
        """State that who answers is a member already."""
        return {"brings_members": False}

    def mapped(self, messages: Sequence[Any], intake: Intake) -> Iterable[Batch]:
        """Return the answers of all responses."""
        answers = [answer for response in items(messages, self.rows) for answer in self._answers(response)]
        if answers:
            yield self._sheet.batch(intake, answers)

    @property
    def _sheet(self) -> Sheet:
        references = {
            "member": within(self.member, "response"),
            "time": within(self.time, "response"),
            "id": within(self.id if "{" in self.id else f"{{{self.id}}}", "response") + "/{question}",
            "subject": "question",
            "props.answer": "answer",
        }
        fixed = {"type": "answered", "ref": self.survey}
        return Sheet(source=self.name, references=references, defaults=fixed, needed=("subject",))

    def _answers(self, response: Item) -> Iterator[Item]:
        """Return the answers of a response, each an object: the response, the question, the answer.

        One that has none where they should be is set apart, as an answer to no question.
        """
        found = at(response.value, self.answers) if self.answers else response.value
        if not isinstance(found, dict | list):
            yield Item(response.line, {"response": response.value}, response.message)
            return
        for question, value in self._pairs(found):
            name = self.questions.get(question, "") if self.questions else question
            answer = self._written(value)
            if name and answer:
                made = {"response": response.value, "question": name, "answer": answer}
                yield Item(response.line, made, response.message)

    def _pairs(self, found: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - an object or a list of JSON
        if isinstance(found, list):
            for one in found:
                values = (at(one, path) for path in self.answer)
                yield text_of(at(one, self.question)) or "", next((one for one in values if one is not None), None)
        elif self.questions:
            yield from ((question, at(found, question)) for question in self.questions)
        else:
            yield from found.items()

    def _written(self, value: Any) -> str:  # noqa: ANN401 - any JSON
        texts = [text_of(one) or "" for one in (value if isinstance(value, list) else [value])]
        return self.separator.join(text.strip() for text in texts if text.strip())


@hookimpl
def siyu_register_entries() -> Mapping[str, type[Entry]]:
    """Register the entry ``survey``."""
    return {"survey": Survey}
