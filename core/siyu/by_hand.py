"""What a person says of a member, as an event: a tag, or a correction of a ledger."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu.components import component
from siyu.config._words import closest
from siyu.errors import UserError
from siyu.keys import hashed
from siyu.kinds import Incentive

if TYPE_CHECKING:
    from siyu.config.programme import Programme
    from siyu.view import View
    from siyu.work import Work

__all__ = ["SOURCE", "Correction", "Said", "correct", "write"]

SOURCE = "by-hand"
"""The source and the entry of the events that are written here."""


@frozen(kw_only=True)
class Said:
    """What a person says.

    Attributes:
        type: The event's type.
        subject: What it is about.
        by: Who says it.
        quantity: How much, where it is of an amount.
        props: What is said besides, as JSON; None for nothing.
    """

    type: str
    subject: str
    by: str
    quantity: int | None = None
    props: str | None = None


@frozen(kw_only=True)
class Correction:
    """That a person corrects what a member has of an incentive.

    Attributes:
        incentive: The incentive.
        units: How much more the member gets, or less where it is below 0.
        by: Who says so.
        why: Why.
    """

    incentive: str
    units: int
    by: str
    why: str


def correct(work: Work, key: str, correction: Correction, number: int, asked: str) -> None:
    """Stage a correction as an event, unless it is in the log; the next run or tick settles it.

    Args:
        work: The pass, whose moment is the event's.
        key: The brand's key.
        correction: What is corrected.
        number: The member's number.
        asked: The member as a person wrote it, for an error.

    Raises:
        UserError: Nobody says it, or not why, it is of nothing, the incentive takes no corrections, or the log knows
            no such member by now.
    """
    _corrected(work.programme, correction.incentive)
    if not correction.units:
        raise UserError("a correction is of some units: more, as 20, or less, as -20")
    if not correction.why.strip():
        raise UserError(f"say why {correction.incentive} is corrected: it is kept in the ledger")
    props = json.dumps({"why": correction.why}, ensure_ascii=False)
    said = Said(
        type="corrected", subject=correction.incentive, by=correction.by, quantity=correction.units, props=props
    )
    write(work, key, said, number, asked)


def write(work: Work, key: str, said: Said, number: int, asked: str) -> None:
    """Stage a person's word as an event, unless it is in the log.

    Its id is made of all that it says and of its moment, so that saying it again, as after a time-out, adds nothing.

    Raises:
        UserError: Nobody says it, or the log knows no such member by now.
    """
    if not said.by.strip():
        raise UserError(f"say who says it: '{said.subject}' needs the name of a person")
    _known(work.view, number, asked)
    now = work.run.now
    parts = (said.type, str(number), said.subject, said.by, str(now), said.props or "")
    quantity = () if said.quantity is None else (str(said.quantity),)
    name = str(hashed(key, SOURCE, *parts, *quantity))
    row = {
        "id": hashed(key, SOURCE, name),
        "source": SOURCE,
        "source_id": name,
        "member": number,
        "type": said.type,
        "time": work.run.time,
        "second": now,
        "day": work.view.today,
        "entry": SOURCE,
        "staff": said.by,
        "subject": said.subject,
        "quantity": said.quantity,
        "props": said.props,
    }
    events = work.row("events", row)
    new = events.join(work.view.raw["events"].select("id"), on="id", how="anti")
    work.count("events", work.stage("events", new))


def _corrected(programme: Programme, name: str) -> None:
    known = [one.name for one in programme.of(Incentive) if one.corrected]
    if name not in known:
        hint = closest(name, known) or (f"there are {', '.join(known)}" if known else "the incentive 'points' does")
        raise UserError(f"no incentive '{name}' takes corrections; {hint}")


def _known(view: View, number: int, asked: str) -> None:
    """Look whether the log knows a member: a slip of the pen must not make a new one."""
    member, _ = component(view, number)
    if not view.rows(view.events.filter(nw.col("member") == member).select("member").head(1)):
        raise UserError(
            f"no member {asked} is known by then; an outside id is written kind:value, as in the entry's config"
        )
