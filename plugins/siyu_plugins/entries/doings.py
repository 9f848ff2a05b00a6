"""What made-up members do, as rows of the log: one function a matter, each a frame of events."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import narwhals as nw

from siyu_plugins.entries._rows import events
from siyu_plugins.entries.chance import between, chosen, numbered, share
from siyu_plugins.entries.people import LINES

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu_plugins.entries.people import World
    from siyu_plugins.entries.simulate import Rush

__all__ = ["consents", "costs", "dealings", "doings", "items", "membership", "purchases", "refunds", "rush"]

_DAY = 86_400
_WINDOW = 600
# Of a hundred doings, where the part of each ends.
_BANDS = {"viewed": 50, "clicked": 68, "messaged": 82, "shared": 90, "checked_in": 98, "complained": 100}


def membership(people: Frame) -> Frame:
    """Return what happens to a membership: profiled, joined, followed, unsubscribed, left.

    Args:
        people: The members, with ``props``: their attributes as JSON text.
    """
    person = {"identity": nw.col("identity"), "entry": nw.col("door")}
    joined = nw.col("joined")
    return nw.concat(
        [
            events(people, "profiled", numbered("profile", "member"), **person, second=joined, props=nw.col("props")),
            events(
                people,
                "joined",
                numbered("join", "member"),
                **person,
                second=joined,
                place=nw.col("place"),
                subject=nw.col("code"),
                ref=nw.col("inviter"),
            ),
            events(
                people.filter(nw.col("door") == "wecom"),
                "followed",
                numbered("follow", "member"),
                **person,
                second=joined + 5,
                staff=nw.col("staff"),
                subject=nw.col("code"),
            ),
            events(
                people.filter(nw.col("refused") < nw.col("left")),
                "unsubscribed",
                numbered("unsubscribe", "member"),
                **person,
                second=nw.col("refused"),
                subject=nw.lit("wecom"),
            ),
            events(
                people,
                "left",
                numbered("leave", "member"),
                **person,
                second=nw.col("left"),
                subject=nw.lit("contact deleted"),
            ),
        ]
    )


def doings(occasions: Frame, world: World) -> Frame:
    """Return what members do beside buying: viewed, clicked, messaged, shared, checked_in, complained; ticket_closed.

    Args:
        occasions: When they do something: see ``World.occasions``.
        world: The world that they are of.
    """
    dice = between(nw.col("occasion"), world.salt("doing"), 0, 99)
    seen = occasions.with_columns(
        type=_banded(dice),
        tea=chosen(
            between(nw.col("occasion"), world.salt("seen"), 0, 3), ("green-tea", "puer", "gaiwan", "brew-guide")
        ),
    )
    talk = nw.col("type").is_in(["messaged", "complained"])
    door = nw.when(talk).then(nw.lit("wecom")).otherwise(nw.lit("mini-program"))
    complaint, ticket = nw.col("type") == "complained", numbered("ticket", "member", "number")
    closed = seen.filter(complaint, share(nw.col("occasion"), world.salt("closed"), 95))
    done = events(
        seen,
        nw.col("type"),
        numbered("doing", "member", "number"),
        identity=nw.col("identity"),
        entry=door,
        second=nw.col("second"),
        place=nw.when(nw.col("type") == "checked_in").then(nw.col("place")),
        subject=nw.col("tea"),
        ref=nw.when(complaint).then(ticket),
    )
    later = nw.col("second") + between(nw.col("occasion"), world.salt("patience"), _DAY // 12, 4 * _DAY)
    closing, person = numbered("closing", "member", "number"), {"identity": nw.col("identity"), "entry": door}
    return nw.concat([done, events(closed, "ticket_closed", closing, **person, second=later, ref=ticket)])


def purchases(orders: Frame, world: World) -> Frame:
    """Return what becomes of orders: ordered, paid, received, rated."""
    key, second = nw.col("occasion"), nw.col("second")
    buyer = {"identity": nw.col("identity"), "entry": nw.lit("mini-program"), "ref": nw.col("order")}
    paid = orders.filter(share(key, world.salt("paid"), 95))
    arrival = second + between(key, world.salt("arrival"), _DAY, 4 * _DAY)
    rated = paid.filter(share(key, world.salt("rated"), 20))
    score = chosen(between(key, world.salt("score"), 0, 9), (1, 2, 3, 3, 4, 4, 4, 5)).cast(nw.Int64)
    return nw.concat(
        [
            events(
                orders,
                "ordered",
                nw.col("order"),
                **buyer,
                second=second,
                place=nw.col("place"),
                subject=nw.col("category_0"),
                amount=nw.col("amount"),
                quantity=nw.sum_horizontal(*(nw.col(f"quantity_{line}").fill_null(0) for line in range(LINES))),
            ),
            events(
                paid,
                "paid",
                numbered("payment", "member", "number"),
                **buyer,
                second=second + between(key, world.salt("payment"), 20, 600),
                subject=nw.lit("wechat-pay"),
                amount=nw.col("amount"),
            ),
            events(paid, "received", numbered("arrival", "member", "number"), **buyer, second=arrival),
            events(
                rated,
                "rated",
                numbered("rating", "member", "number"),
                **buyer,
                second=arrival + _DAY,
                subject=nw.col("sku_0"),
                amount=score,
            ),
        ]
    )


def refunds(orders: Frame, world: World) -> Frame:
    """Return the orders that are refunded: their columns, with ``whole``, the refund's ``id``, second and amount.

    A refund is whole, or of the first line; the other lines of such a one are null.
    """
    key = nw.col("occasion")
    back = orders.filter(share(key, world.salt("paid"), 95), share(key, world.salt("refund"), 8))
    whole = share(key, world.salt("whole"), 50)
    kept = {
        f"{name}_{line}": nw.when(nw.col("whole")).then(nw.col(f"{name}_{line}"))
        for name in ("sku", "category", "quantity", "amount")
        for line in range(1, LINES)
    }
    after = between(key, world.salt("refund after"), 5 * _DAY, 9 * _DAY)
    marked = back.with_columns(
        numbered("simulated-refund", "member", "number").alias("id"), whole=whole, second=nw.col("second") + after
    )
    return marked.with_columns(
        amount=nw.when(nw.col("whole")).then(nw.col("amount")).otherwise(nw.col("amount_0")), **kept
    )


def dealings(refunded: Frame) -> Frame:
    """Return the events of refunds."""
    return events(
        refunded,
        "refunded",
        nw.col("id"),
        identity=nw.col("identity"),
        entry=nw.lit("mini-program"),
        second=nw.col("second"),
        subject=nw.lit("changed mind"),
        ref=nw.col("order"),
        amount=nw.col("amount"),
    )


def items(orders: Frame, event: str) -> Frame:
    """Return the lines of orders or refunds: source_id, second, sku, category, quantity, amount."""
    parts = [
        orders.filter(~nw.col(f"sku_{line}").is_null()).select(
            "second",
            *(nw.col(f"{name}_{line}").alias(name) for name in ("sku", "category", "quantity", "amount")),
            source_id=nw.col(event),
        )
        for line in range(LINES)
    ]
    return nw.concat(parts)


def rush(numbers: Frame, people: Frame, world: World, wanted: Rush, at: int) -> Frame:
    """Return the claims of a rush, most of them in its first minute, and the payments that most lead to.

    Args:
        numbers: number, from 0: one row a claim.
        people: The members; only those who joined before claim.
        world: The world that they are of.
        wanted: What is claimed.
        at: The second when it begins.
    """
    salt = world.salt(f"rush {wanted.incentive} {wanted.item} {at}")
    hurry = between(nw.col("number"), f"{salt} hurry", 0, _WINDOW - 1)
    claims = numbers.with_columns(
        member=between(nw.col("number"), salt, 0, world.members - 1),
        # Squared, so that most are early.
        second=nw.lit(at) + hurry * hurry // _WINDOW,
    ).join(people, on="member", how="inner")
    known = claims.filter(nw.col("joined") < nw.col("second"), nw.col("left") > nw.col("second"))
    request = numbered(f"simulated-claim-{wanted.incentive}-{wanted.item}-{at}", "number")
    named = known.with_columns(request.alias("request"))
    buyer = {"identity": nw.col("identity"), "entry": nw.lit("mini-program")}
    subject, item = nw.lit(wanted.incentive), nw.lit(wanted.item)
    second, asked = nw.col("second"), nw.col("request")
    later = second + between(nw.col("number"), f"{salt} payment", 30, 840)
    paid = named.filter(share(nw.col("number"), f"{salt} paid", 80))
    payment = nw.concat_str(nw.lit("payment-"), asked)
    return nw.concat(
        [
            events(named, "claimed", asked, **buyer, second=second, subject=subject, ref=item, quantity=nw.lit(1)),
            events(paid, "paid", payment, **buyer, second=later, subject=nw.lit("wechat-pay"), ref=asked),
        ]
    )


def consents(people: Frame, world: World, channels: tuple[str, ...]) -> Frame:
    """Return the statements of consent: identity, channel, purpose, state, second, proof, basis."""
    willing = people.filter(share(nw.col("key"), world.salt("consent"), 90))
    refusing = willing.filter(nw.col("refused") < nw.col("left"))
    parts = [
        frame.select(
            "identity",
            channel=nw.lit(channel),
            purpose=nw.lit(purpose),
            state=nw.lit(state),
            second=nw.col(when),
            proof=numbered(f"simulated-{state}", "member"),
            basis=nw.lit("consent"),
        )
        for channel in channels
        for purpose in ("marketing", "service")
        for frame, state, when in ((willing, "granted", "joined"), (refusing, "withdrawn", "refused"))
        if (purpose, state) != ("service", "withdrawn")
    ]
    return nw.concat(parts)


def costs(numbers: Frame, world: World, doors: tuple[str, ...]) -> Frame:
    """Return what each day cost at each door for each channel code: source_id, second, entry, code, amount.

    Args:
        numbers: number, from 0: one row for each day, door and code.
        world: The world whose days and codes they are.
        doors: The entries.
    """
    number, codes = nw.col("number"), len(world.codes)
    day = number // (codes * len(doors))
    return numbers.select(
        source_id=numbered("cost", "number"),
        # In the evening, when the day's bill is known.
        second=day * _DAY + world.begin + 22 * 3_600,
        entry=chosen(number // codes % len(doors), doors),
        code=chosen(number % codes, world.codes),
        amount=between(number, world.salt("cost"), 2_000, 20_000),
    )


def _banded(dice: nw.Expr) -> nw.Expr:
    bands = list(_BANDS.items())
    last = nw.lit(bands[-1][0])
    return reduce(lambda rest, one: nw.when(dice < one[1]).then(nw.lit(one[0])).otherwise(rest), bands[-2::-1], last)
