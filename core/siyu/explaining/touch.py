"""All that the log tells of one touch, as it was known when it was decided."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import narwhals as nw
from attrs import evolve, field, frozen

from siyu.components import component
from siyu.errors import UserError
from siyu.explaining.conditions import Judged, Tree, judged, written
from siyu.explaining.past import known_then
from siyu.explaining.rulings import Ruling, rulings
from siyu.kinds import Content
from siyu.runs import Run
from siyu.tables import TABLES

if TYPE_CHECKING:
    from siyu.config.programme import Programme
    from siyu.view import View
    from siyu.work import Work

__all__ = ["Row", "Told", "decided", "found", "told"]

Row = Mapping[str, Any]

_EVENT = ("time", "type", "entry", "place", "staff", "subject", "ref", "amount")
_CONSENT = ("channel", "purpose", "state", "time", "source", "proof", "basis")
_RECENT = 5


@frozen(kw_only=True)
class Told:
    """What is told of a touch.

    Attributes:
        touch: The row of ``touches``.
        run: The pass that decided it.
        tree: The config of then.
        current: Whether that is the config of today.
        words: The title and the text that it said; None where they are not known any more.
        member: The member, the least of its ids; None where the recipient is no member, or was erased.
        erased: When the recipient was erased; None where they were not.
        receipts: Its receipts, in their order.
        rulings: What the rules of the gate said.
        started: The events that started the member off, where the campaign starts by one.
        events: The newest other events that had a say in what was decided.
        conditions: What had to hold of the member.
        tags: The tags among that, as the member had them.
        steps: What the campaign had decided of the member in this round.
        consents: What the member had said of messages, the newest of each channel and purpose.
        arm: The arm of the campaign's experiment that the member was in, and since when; None where it has none.
        grants: The lines of ledgers that the touch is the cause of.
        attributes: What was known of the member, by the names that conditions read, zone and language besides.
    """

    touch: Row
    run: Run
    tree: Tree
    current: bool
    words: tuple[str, str] | None
    member: int | None
    erased: int | None
    receipts: Sequence[Row]
    rulings: Sequence[Ruling]
    started: Sequence[Row] = ()
    events: Sequence[Row] = ()
    conditions: Sequence[Judged] = ()
    tags: Sequence[Row] = ()
    steps: Sequence[Row] = ()
    consents: Sequence[Row] = ()
    arm: Row | None = None
    grants: Sequence[Row] = ()
    attributes: Row = field(factory=dict)

    @property
    def campaign(self) -> Tree:
        """The campaign's table in the config of then."""
        table: Tree = self.tree.get("campaign", {}).get(self.touch["campaign"], {})
        return table


def found(view: View, number: int) -> Row:
    """Return a touch, with its recipient resolved.

    Raises:
        UserError: There is none.
    """
    rows = _rows(view, view.touches.filter(nw.col("id") == number), (*TABLES["touches"].columns, "run"))
    if not rows:
        raise UserError(
            f"no touch {number} is known: siyu explain MEMBER lists those of a member with their ids, "
            "and siyu plan those that are new, which get into the log by siyu run"
        )
    return rows[0]


def decided(view: View, touch: Row) -> Run:
    """Return the pass that decided a touch."""
    columns = ("id", "kind", "now", "config", "watermark", "actor")
    (row,) = _rows(view, view.raw["runs"].filter(nw.col("id") == touch["run"]), columns)
    return Run(**row)


def told(work: Work, touch: Row, run: Run) -> Told:
    """Return what is told of a touch.

    Args:
        work: A pass at the moment of that which decided it; it writes nothing.
        touch: The touch.
        run: The pass that decided it.
    """
    view, programme = work.view, work.programme
    texts = dict(view.rows(view.raw["configs"].select("hash", "canonical")))
    tree = json.loads(texts.get(run.config, "{}"))
    log = view.raw["receipts"].filter(nw.col("touch") == touch["id"])
    receipts = _rows(view, log, ("seq", "time", "state", "reason", "provider_id", "rule", "run"), "seq")
    person = touch["recipient_kind"] == "member"
    erased = _erased(view, touch["recipient"]) if person else None
    base = Told(
        touch=touch,
        run=run,
        tree=tree,
        current=run.config == programme.hash,
        words=_words(programme, tree, touch),
        member=touch["recipient"] if person and erased is None else None,
        erased=erased,
        receipts=receipts,
        rulings=rulings(receipts),
        grants=_grants(view, touch),
    )
    return base if base.member is None else _of_member(work, base)


def _of_member(work: Work, base: Told) -> Told:
    """Add what was known of the member."""
    touch, member = base.touch, base.touch["recipient"]
    _, ids = component(work.view, member)
    then = known_then(work, ids, base.run)
    texts = written(base.tree, touch["campaign"], touch["step"], touch["content"] or "")
    conditions = judged(then, work.programme, base.tree, texts, member)
    needs = {need for one in conditions for need in one.values}
    mine = nw.col("member") == member
    started = _started(then, base, mine)
    own = {"campaign": touch["campaign"], "occurrence": touch["occurrence"]}
    steps = then.steps.filter(mine, *(nw.col(name) == value for name, value in own.items()))
    tags = then.tags.filter(mine, nw.col("tag").is_in([one[4:] for one in needs if one.startswith("tag:")]))
    return evolve(
        base,
        started=started,
        events=_recent(then, work.programme, needs, mine, started),
        conditions=conditions,
        tags=_rows(then, tags, ("tag", "value", "evidence", "since"), "tag"),
        steps=_rows(then, steps, ("step", "branch", "nominal", "decided"), "nominal"),
        consents=_rows(then, then.consents.filter(mine), _CONSENT, "time"),
        arm=_arm(then, touch, mine),
        attributes=_attributes(then, mine, needs),
    )


def _started(view: View, base: Told, mine: nw.Expr) -> list[Row]:
    """Return the events at the second that the occurrence names, of the type that starts the campaign."""
    start, occurrence = base.campaign.get("start"), str(base.touch["occurrence"])
    if not isinstance(start, Mapping) or "event" not in start or not occurrence.isdigit():
        return []
    asked = {"type": start["event"], "entry": start.get("entry", ""), "subject": start.get("subject", "")}
    events = view.events.filter(mine, nw.col("second") == int(occurrence))
    events = events.filter(*(nw.col(name) == value for name, value in asked.items() if value))
    return _events(view, events)


def _recent(view: View, programme: Programme, needs: set[str], mine: nw.Expr, started: Sequence[Row]) -> list[Row]:
    """Return the newest events of the types that conditions look at."""
    types = {need.partition(":")[2] for need in needs if need.startswith(("did:", "last:"))}
    for need in needs & programme.features.keys():
        types |= {programme.features[need].event, programme.features[need].of or ""}
    known = _events(view, view.events.filter(mine, nw.col("type").is_in(sorted(types - {""}))))
    return [row for row in reversed(known) if row not in started][:_RECENT]


def _events(view: View, events: Any) -> list[Row]:  # noqa: ANN401 - a frame
    return _rows(view, events.drop("time").rename({"second": "time"}), _EVENT, "time")


def _arm(view: View, touch: Row, mine: nw.Expr) -> Row | None:
    own = view.exposures.filter(mine, nw.col("experiment") == f"holdout:{touch['campaign']}")
    return next(iter(_rows(view, own, ("experiment", "arm", "time"))), None)


def _attributes(view: View, mine: nw.Expr, needs: set[str]) -> Row:
    columns = view.members.collect_schema().names()
    wanted = [name for name in columns if name in needs | {"zone", "language", "region"}]
    return next(iter(_rows(view, view.members.filter(mine), wanted)), {})


def _erased(view: View, recipient: int) -> int | None:
    """Return when a person was erased, where a number is what is left of them: only such a one was 'forgotten'."""
    log = view.raw["accesses"].filter(nw.col("member") == recipient, nw.col("what") == "forget")
    moment: int | None = view.rows(log.select(nw.col("time").max()))[0][0]
    return moment


def _grants(view: View, touch: Row) -> list[Row]:
    causes = nw.col("cause_kind") == "touch", nw.col("cause") == str(touch["id"])
    columns = ("time", "incentive", "kind", "item", "amount", "available", "expires", "reason")
    return _rows(view, view.raw["grants"].filter(*causes), columns, "time")


def _words(programme: Programme, tree: Tree, touch: Row) -> tuple[str, str] | None:
    """Return the title and the text of a touch's content, in the version that it had then."""
    for source in programme.of(Content):
        item = source.items().get(touch["content"])
        if item is not None and item.version == touch["content_version"]:
            return item.title, item.text
    for source in tree.get("content", {}).values():
        item = source.get("items", {}).get(touch["content"]) if isinstance(source, Mapping) else None
        if item:
            return item.get("title", ""), "\n".join(part for part in (item.get("text"), item.get("link")) if part)
    return None


def _rows(view: View, frame: Any, columns: Sequence[str], by: str = "") -> list[Row]:  # noqa: ANN401 - a frame
    rows: list[Row] = [dict(zip(columns, row, strict=True)) for row in view.rows(frame.select(*columns))]
    return sorted(rows, key=lambda row: row[by] or 0) if by and by != "tag" else rows
