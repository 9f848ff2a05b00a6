"""What made-up members answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu.arms import arm_expr
from siyu.config.units import Share
from siyu.kinds import doc
from siyu_plugins.entries._rows import events
from siyu_plugins.entries.chance import between, chosen, numbered

if TYPE_CHECKING:
    from siyu.kinds import Frame, Intake
    from siyu_plugins.entries.people import World

__all__ = ["Survey", "answers"]

_HOUR = 3_600
_DAY = 24 * _HOUR
# Of those who answer, one in ten thinks better of it.
_AGAIN = 1_000


@frozen(kw_only=True)
class Survey:
    """Questions that some members answer within three days of joining: events ``answered``.

    One in ten of them answers all of it again, ten to forty days later.
    """

    survey: str = field(metadata=doc("the survey's name", example="welcome"))
    questions: dict[str, tuple[str, ...]] = field(
        metadata=doc("the questions, each with the texts that one is drawn from", example={"drink": ["green", "puer"]})
    )
    share: Share = field(default=Share(4_000), metadata=doc("the part of the members that answers", example="40%"))

    @questions.validator
    def _answerable(self, _: Attribute[dict[str, tuple[str, ...]]], value: dict[str, tuple[str, ...]]) -> None:
        if not value or not all(value.values()):
            raise ValueError('expected questions with at least one answer each, as in { drink = ["green", "puer"] }')


def answers(intake: Intake, people: Frame, world: World, wanted: Survey) -> Frame:
    """Return what members answer to a survey.

    Args:
        intake: Packs the answers.
        people: The members.
        world: The world that they are of.
        wanted: The survey.
    """
    salt = world.salt(f"survey {wanted.survey}")
    asked = people.filter(arm_expr("key", salt) < wanted.share.basis_points)
    first = asked.with_columns(
        turn=nw.lit(1, nw.Int64), second=nw.col("joined") + between(nw.col("key"), f"{salt} after", _HOUR, 3 * _DAY)
    )
    again = first.filter(arm_expr("key", f"{salt} again") < _AGAIN).with_columns(
        turn=nw.lit(2, nw.Int64),
        second=nw.col("second") + between(nw.col("key"), f"{salt} later", 10 * _DAY, 40 * _DAY),
    )
    turns = nw.concat([first, again]).filter(nw.col("second") < nw.col("left"))
    return nw.concat([_answered(intake, turns, salt, wanted, question) for question in wanted.questions])


def _answered(intake: Intake, turns: Frame, salt: str, wanted: Survey, question: str) -> Frame:
    texts = wanted.questions[question]
    drawn = between(nw.col("key") + nw.col("turn"), f"{salt} {question}", 0, len(texts) - 1)
    told = intake.pack(turns.with_columns(answer=chosen(drawn, texts)), {"answer": "answer"}, "props")
    return events(
        told,
        "answered",
        numbered(f"answer-{wanted.survey}-{question}", "member", "turn"),
        identity=nw.col("identity"),
        entry=nw.lit("wecom"),
        second=nw.col("second"),
        subject=nw.lit(question),
        ref=nw.lit(wanted.survey),
        props=nw.col("props"),
    )
