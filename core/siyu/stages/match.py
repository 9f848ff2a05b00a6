"""Content: what each proposal says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import cast_like, row_number
from siyu.kinds import Content
from siyu.stages.propose import PROPOSAL

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.tables import Schema
    from siyu.work import Work

__all__ = ["match"]

_ASKED = ["recipient", "recipient_kind", "campaign", "step", "slot"]
_CHOICE: Schema = {"proposal": nw.Int64(), "content": nw.String(), "score": nw.Float64()}


def match(work: Work) -> None:
    """Ask every content source; the best score is taken, ties go to the first name.

    A touch is for marketing when its campaign or its content is: an offer is no service, whatever sends it.
    """
    proposals = work.results["proposals"]
    asked = proposals.filter(_sends()).select(*_ASKED, proposal=nw.col("id"))
    if not work.some(asked):
        return
    choices = []
    for source in work.components(Content):
        with work.attributed(source):
            choices.append(work.keep(_choice(work, source, asked)))
    if choices:
        work.results["proposals"] = work.keep(_chosen(proposals, nw.concat(choices)))


def _sends() -> nw.Expr:
    return nw.col("branch").fill_null("send") == "send"


def _choice(work: Work, source: Content, asked: Frame) -> Frame:
    found = cast_like(source.match(work.view, asked), _CHOICE)
    items = source.items()
    schema: Schema = {"content": nw.String(), "version": nw.String(), "aim": nw.String()}
    names = {
        "content": list(items),
        "version": [item.version for item in items.values()],
        "aim": [item.purpose for item in items.values()],
    }
    return found.join(work.session.engine.frame(names, schema), on="content", how="left")


def _chosen(proposals: Frame, choices: Frame) -> Frame:
    ranked = row_number(choices.with_columns(_rank=-nw.col("score")), ["proposal"], ["_rank", "content"])
    best = ranked.filter(nw.col("row") == 1)
    found = best.select("aim", id=nw.col("proposal"), _content=nw.col("content"), _version=nw.col("version"))
    joined = proposals.join(found, on="id", how="left")
    marketing = (nw.col("aim") == "marketing").fill_null(value=False)
    named = joined.with_columns(
        content=nw.col("_content"),
        content_version=nw.col("_version"),
        purpose=nw.when(marketing).then(nw.lit("marketing")).otherwise(nw.col("purpose")),
    )
    return cast_like(named, PROPOSAL)
