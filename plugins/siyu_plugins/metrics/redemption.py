"""Redemption: of the offers that members were sent, how many were used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import field, frozen

from siyu import hookimpl
from siyu.frames import total
from siyu.kinds import Metric, doc
from siyu_plugins.metrics._numbers import Happening, numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["Redemption"]

_PAIR = ("member", "subject")


@frozen(kw_only=True)
class Redemption(Metric):
    """Measures which offers were used: pairs of a member and a subject, as of a household and a coupon campaign.

    A pair is offered with its first event of the sort ``of``, and redeemed with an event of the sort ``by`` of the
    same member and subject, from that moment on. Numbers, for all subjects together (an empty slice) and for each:
    ``offered`` and ``redeemed``, the pairs; ``rate``, the share of the former that are the latter, from 0 to 1;
    ``unoffered``, pairs that redeemed without an offer. ``n`` is what a number rests on.
    """

    of: Happening = field(
        default=Happening(event="targeted"), metadata=doc("what offers", example={"event": "targeted"})
    )
    by: Happening = field(
        default=Happening(event="redeemed"), metadata=doc("what uses an offer", example={"event": "redeemed"})
    )

    def measure(self, view: View) -> Frame:
        """Return the numbers of all time."""
        offered = self.of.of(view.events).group_by(*_PAIR).agg(since=nw.col("second").min())
        used = self.by.of(view.events).group_by(*_PAIR).agg(upto=nw.col("second").max())
        pairs = offered.join(used, on=[*_PAIR], how="left").with_columns(offered=nw.lit(1), unoffered=nw.lit(0))
        stray = used.join(offered, on=[*_PAIR], how="anti")
        stray = stray.with_columns(offered=nw.lit(0), redeemed=nw.lit(0), unoffered=nw.lit(1))
        hit = nw.when(nw.col("upto") >= nw.col("since")).then(1).otherwise(0)
        kinds = ("offered", "redeemed", "unoffered")
        both = [pairs.with_columns(redeemed=hit), stray]
        counted = nw.concat([one.select("subject", *(nw.col(kind).cast(nw.Int64) for kind in kinds)) for one in both])
        every = counted.with_columns(subject=nw.lit(""))
        named = nw.concat([every, counted.filter(nw.col("subject").fill_null("") != "")])
        return _told(named.group_by("subject").agg(*(total(kind) for kind in kinds)))


def _told(sums: Frame) -> Frame:
    """Return the numbers of each slice."""
    part = {
        kind: sums.with_columns(key=nw.lit(kind), value=nw.col(kind).cast(nw.Float64), n=nw.col(kind))
        for kind in ("offered", "redeemed", "unoffered")
    }
    some = sums.filter(nw.col("offered") > 0)
    share = nw.col("redeemed").cast(nw.Float64) / nw.col("offered").cast(nw.Float64)
    part["rate"] = some.with_columns(key=nw.lit("rate"), value=share, n=nw.col("offered"))
    return nw.concat([numbers(one.with_columns(period=nw.lit("lifetime")), nw.col("subject")) for one in part.values()])


@hookimpl
def siyu_register_metrics() -> Mapping[str, type[Metric]]:
    """Bring ``redemption``."""
    return {"redemption": Redemption}
