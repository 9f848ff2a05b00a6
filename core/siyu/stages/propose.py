"""Proposals: what campaigns want to send by now, and what journeys decide without sending."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.arms import arm_expr
from siyu.frames import cast_like, row_number
from siyu.kinds import Campaign
from siyu.resending import corrections
from siyu.tables import TABLES

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.tables import Schema
    from siyu.work import Work

__all__ = ["PROPOSAL", "propose"]

_EXTRA: Schema = {"version": nw.String(), "branch": nw.String(), "nominal": nw.Int64()}

PROPOSAL: Schema = {**TABLES["touches"].columns, **_EXTRA}
"""The columns of a proposal: those of a touch, and those of a journey's decision."""

_KEY = ["campaign", "edition", "step", "recipient", "occurrence"]


def propose(work: Work) -> None:
    """Ask every campaign that is in its days, and say again what is to be corrected; keep one row for each key."""
    parts = []
    for campaign in work.components(Campaign):
        begin, end = work.view.window(campaign)
        if begin <= work.run.now < end:
            with work.attributed(campaign):
                parts.append(work.keep(_proposed(work, campaign)))
    parts += [cast_like(again, PROPOSAL) for again in ([] if work.ticking else corrections(work))]
    if parts:
        hashed = work.session.engine.hashed(nw.concat(parts).drop("id"), _KEY, "id")
        work.results["proposals"] = work.keep(hashed)
    else:
        work.results["proposals"] = work.session.engine.frame({name: [] for name in PROPOSAL}, PROPOSAL)


def _proposed(work: Work, campaign: Campaign) -> Frame:
    frame = cast_like(campaign.propose(work.view), PROPOSAL).with_columns(
        nw.col("recipient_kind").fill_null("member"),
        nw.col("priority").fill_null(campaign.priority),
        campaign=nw.lit(campaign.name),
        edition=nw.lit(campaign.edition, nw.Int64),
        purpose=nw.lit(campaign.purpose),
    )
    if campaign.to is not None:
        frame = frame.join(work.view.matching(campaign.to).rename({"member": "recipient"}), on="recipient", how="semi")
    if campaign.holdout.basis_points:
        frame = _without_holdout(work, campaign, work.keep(frame))
    first = row_number(frame, _KEY, ["due", "until", "slot", "channel", "offer", "sender"], "_nth")
    return cast_like(first.filter(nw.col("_nth") == 1), PROPOSAL)


def _without_holdout(work: Work, campaign: Campaign, frame: Frame) -> Frame:
    """Draw each recipient's arm, log the first exposure, and drop those held out.

    The log decides before the draw: an arm that was once logged stays, whatever happens to shares or ids.
    """
    experiment = f"holdout:{campaign.name}"
    logged = work.view.exposures.filter(nw.col("experiment") == experiment)
    known = logged.select(recipient=nw.col("member"), _arm=nw.col("arm"))
    held = arm_expr("recipient", experiment) < campaign.holdout.basis_points
    drawn = nw.when(held).then(nw.lit("holdout")).otherwise(nw.lit("treated"))
    armed = frame.join(known, on="recipient", how="left")
    armed = work.keep(armed.with_columns(_new=nw.col("_arm").is_null(), arm=nw.coalesce("_arm", drawn)))
    new = armed.filter(nw.col("_new")).select("arm", member=nw.col("recipient")).unique()
    exposed = new.with_columns(experiment=nw.lit(experiment), time=nw.lit(work.run.now))
    work.stage("exposures", cast_like(exposed, TABLES["exposures"].columns))
    return armed.filter(nw.col("arm") == "treated")
