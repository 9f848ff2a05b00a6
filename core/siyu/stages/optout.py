"""Opt-out words: a message that is one of them takes a consent back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.stages.novelty import novel

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["withdraw"]


def withdraw(work: Work, rows: Frame) -> None:
    """Write a withdrawal for each message of prepared events that is an opt-out, once.

    It is for the channel that the config gives the event's entry, else for all channels, and for marketing. It is
    written also where the event itself is refused for contradicting one that is known: what was said was said.
    """
    if "opt_out" not in rows.collect_schema():
        return
    out = work.keep(rows.filter(nw.col("opt_out")))
    if not work.some(out):
        return
    said = out.select(
        "_row",
        "member",
        "source",
        channel=_channel(work),
        purpose=nw.lit("marketing"),
        state=nw.lit("withdrawn"),
        time=nw.col("second"),
        proof=nw.coalesce(nw.col("source_id"), nw.col("id").cast(nw.String)),
        basis=nw.lit("opt-out word"),
    )
    work.count("consents", work.stage("consents", novel(work, "consents", said).rows))


def _channel(work: Work) -> nw.Expr:
    channel = nw.lit("*")
    for entry, name in sorted(work.programme.consent.channels.items()):
        channel = nw.when(nw.col("entry") == entry).then(nw.lit(name)).otherwise(channel)
    return channel
