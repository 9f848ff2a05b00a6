"""What was decided or touched before, under any id of the same person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.components import ends, labels, neighbours, together

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["certain", "decided", "touched"]

_STEP = ["campaign", "recipient", "occurrence", "step"]
_TOUCH = ["campaign", "edition", "step", "occurrence", "recipient"]


def certain(work: Work, proposals: Frame) -> Frame:
    """Drop what is for members who were joined or parted while this pass computed: the next pass decides it."""
    if not work.holds("links"):
        return proposals
    links = work.view.raw["links"].filter(nw.col("seq") > work.run.watermark, nw.col("run") != work.run.id)
    if not work.some(links):
        return proposals
    # An id that many share by now parts its neighbours too.
    around = neighbours(work.view.raw["links"], ends(links)).select(recipient=nw.col("member"))
    return proposals.join(work.view.resolve(around, "recipient").unique(), on="recipient", how="anti")


def decided(work: Work, steps: Frame) -> Frame | None:
    """Return which steps of journeys were decided before, by a tick meanwhile too: id, kept; None for none."""
    if not work.holds("steps") or not work.some(steps):
        return None
    before = work.view.steps.select("campaign", "occurrence", "step", recipient=nw.col("member")).unique()
    return _some(work, steps.join(before, on=_STEP, how="semi").select("id"))


def touched(work: Work, proposals: Frame) -> Frame | None:
    """Return which proposals were touched before: id, kept; None for none.

    A key is matched under any id of the component that the recipient is in now; and where a link was undone, or does
    not count any more as too many share an id, also under the ids that were joined with it when the touch was written:
    it may have reached either of the two.
    """
    if not work.holds("touches"):
        return None
    touches = work.view.raw["touches"]
    # An id is made of the key, with the recipient of that day: what is said again of the same one has the same id.
    found = [proposals.select("id").join(touches.select("id"), on="id", how="semi")]
    if work.some(work.view.raw["canon"]):
        now = work.view.resolve(touches.select(*_TOUCH, _then=nw.col("recipient")), "recipient")
        joined = now.filter(nw.col("_then") != nw.col("recipient")).select(*_TOUCH).unique()
        found.append(proposals.select("id", *_TOUCH).join(joined, on=_TOUCH, how="semi").select("id"))
    parted, shared = work.view.raw["links"].filter(nw.col("undone")), work.view.raw["shared"]
    if work.some(parted) or work.some(shared):
        found.append(_shared(work, proposals, _ending(work)))
    return _some(work, nw.concat(found) if len(found) > 1 else found[0])


def _some(work: Work, ids: Frame) -> Frame | None:
    kept = work.keep(ids)
    return kept if work.some(kept) else None


def _ending(work: Work) -> Frame:
    """Return the links, and where they ended: a, b, made, ended (``seq``); without those that never counted.

    A link of an id that too many share ended with the one that made it too many.
    """
    links = work.view.raw["links"].with_columns(
        made=nw.when(~nw.col("undone")).then(nw.col("seq")).otherwise(None),
        ended=nw.when(nw.col("undone")).then(nw.col("seq")).otherwise(None),
    )
    until = work.view.raw["shared"].group_by("member").agg(nw.col("since").min().alias("until"))
    for column in ("a", "b"):
        links = links.join(until, left_on=column, right_on="member", how="left")
        late = (nw.col("seq") >= nw.col("until")) & ~nw.col("undone")
        ended = nw.min_horizontal("ended", "until")
        links = links.filter(~late.fill_null(value=False)).with_columns(ended=ended).drop("until")
    links = work.keep(links.select("a", "b", "made", "ended"))
    # Whoever was once joined by other links is joined still.
    around = work.keep(together(work.view.raw["canon"], ends(links.filter(~nw.col("ended").is_null()))))
    return links.join(around, left_on="a", right_on="member", how="semi")


def _shared(work: Work, proposals: Frame, links: Frame) -> Frame:
    engine = work.session.engine
    once = labels(engine, links.filter(~nw.col("made").is_null()))
    span = _spans(links, once)
    touches = work.session.table("touches").select(*_TOUCH, "seq", member=nw.col("recipient"))
    then = touches.join(once, on="member").join(span, on="canon")
    shared = then.filter(nw.col("seq") > nw.col("since"), nw.col("seq") < nw.col("until"))
    keys = ["campaign", "edition", "step", "occurrence", "canon"]
    marked = proposals.select("id", *_TOUCH, member=nw.col("recipient")).join(once, on="member")
    return marked.join(shared.select(*keys).unique(), on=keys, how="semi").select("id")


def _spans(links: Frame, once: Frame) -> Frame:
    """Return between which ``seq`` an undone link may have held in each former component: canon, since, until."""
    placed = links.rename({"a": "member"}).join(once, on="member")
    return placed.group_by("canon").agg(since=nw.col("made").min(), until=nw.col("ended").max())
