"""What was sent before and uses a place: the touches, and the moment at which each counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.config.limits import CALENDAR
from siyu.gate.limit import earliest
from siyu.kinds import Channel
from siyu.moments import period_start

if TYPE_CHECKING:
    from siyu.config.limits import Quota
    from siyu.config.programme import Programme
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["LOCAL", "USING", "homes", "quotas", "since", "spent"]

USING = ["queued", "sending", "handed", "sent", "delivered", "unknown"]
"""The states in which a touch uses a place: it went out, or it may have."""

LOCAL = tuple(span for span in CALENDAR if span.startswith("local "))
"""The spans that begin at the member's midnight."""

_GOING, _WAITING = ["queued", "sending", "sent"], ["queued", "handed"]

_SEEN = ["id", "recipient", "recipient_kind", "sender", "campaign", "content", "channel", "purpose"]


def spent(view: View, since: int) -> Frame:
    """Return the touches of recent moments that went out, may have or failed.

    A touch counts when it was handed over for sending, and one that still waits for that, or for a person, counts
    now: whenever it goes out, it is in the span that ends then.

    Returns:
        id, recipient, recipient_kind, sender, campaign, content, channel, purpose; failed; moment (epoch second).
    """
    newest = {"_waits": _WAITING, "_used": USING, "failed": ["failed"]}
    states = {name: _newest(nw.col("state").is_in(states), "seq") for name, states in newest.items()}
    going = nw.col("state").is_in(_GOING) & (nw.col("time") >= since)
    told = view.receipts.group_by("touch").agg(_last=nw.col("seq").max(), _went=_newest(going, "time"), **states)
    now = [(nw.col(name) == nw.col("_last")).fill_null(value=False).alias(name) for name in newest]
    waits, known = nw.col("_waits"), ~nw.col("_went").is_null() & (nw.col("_used") | nw.col("failed"))
    counted = told.with_columns(*now).filter(waits | known)
    moment = nw.when(waits).then(nw.lit(view.now, nw.Int64)).otherwise(nw.col("_went"))
    found = counted.select("failed", id=nw.col("touch"), moment=moment)
    return view.resolve(view.raw["touches"].select(*_SEEN), "recipient").join(found, on="id")


def _newest(which: nw.Expr, column: str) -> nw.Expr:
    return nw.when(which).then(nw.col(column)).otherwise(None).max()


def quotas(programme: Programme) -> tuple[Quota, ...]:
    """Return all caps of a config, and what the platforms of its channels allow."""
    return (*programme.gate.caps, *(quota for channel in programme.of(Channel) for quota in channel.quotas))


def since(view: View, programme: Programme) -> int:
    """Return the second from which on the limits of a config look at what was sent."""
    zone, gate, channels = programme.brand.zone, programme.gate, programme.of(Channel)
    begins = [view.now - gate.distance.seconds, *(earliest(view, zone, one) for one in quotas(programme))]
    begins += [view.now - one.within.seconds for channel in channels for one in channel.opens]
    begins += [0 for channel in channels if channel.spends]
    if gate.budget is not None:
        begins.append(period_start(zone, view.now, gate.budget.per))
    if gate.fatigue is not None:
        begins.append(view.now - max(2 * gate.fatigue.window.seconds, gate.fatigue.distance.seconds))
    return min(begins)


def homes(view: View, programme: Programme) -> Frame:
    """Return when each span of the member's own calendar began: recipient, and a column for each of ``LOCAL``.

    Of members whose zone is not known, the clocks are those of the brand's members; or, with ``unknown_zone =
    "strictest"``, the span began when it did first in any of the members' zones.
    """
    begins = {name: [period_start(zone, view.now, span[6:]) for span in LOCAL] for name, zone in view.clocked.items()}
    strict = programme.gate.unknown_zone == "strictest"
    home = [min(each) for each in zip(*begins.values(), strict=True)] if strict else begins[programme.brand.member_zone]
    named = {"zone": list(begins)} | {span: [row[place] for row in begins.values()] for place, span in enumerate(LOCAL)}
    zones = view.table(named, {"zone": nw.String()} | dict.fromkeys(LOCAL, nw.Int64()))
    lives = view.raw["members"].select("zone", recipient=nw.col("member")).join(zones, on="zone", how="left")
    filled = [nw.col(span).fill_null(begin) for span, begin in zip(LOCAL, home, strict=True)]
    return lives.select("recipient", *filled)
