"""A made-up audience of the tea shop, as rows of every log that a component reads; the same each time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any, TypeAlias

import pytest

from siyu.keys import identity_id
from siyu.testing.views import KEY

MEMBERS = 60
DAY = 86_400
# 2026-08-01 and 2026-11-13 in Shanghai; the members that came before the sale are the shop's old ones.
FIRST = int(datetime(2026, 8, 1, tzinfo=UTC).timestamp()) - 8 * 3600
LAST = FIRST + 104 * DAY
SALE = int(datetime(2026, 11, 11, 2, tzinfo=UTC).timestamp())

Row: TypeAlias = "dict[str, Any]"
Rows: TypeAlias = "Mapping[str, Sequence[Row]]"


@pytest.fixture(scope="session")
def rows() -> Rows:
    """Return rows by log: facts, claims, links, consents, costs, earlier touches, steps and grants."""
    chance = Random(20261111)
    lives = [event for number in range(MEMBERS) for event in life(number, chance)]
    told = [event for number in range(MEMBERS) for event in (*words(number, Random(number)), *offered(number))]
    events = sorted(
        [*lives, *claims(chance), *told], key=lambda event: (event["second"], event["member"], event["type"])
    )
    for number, event in enumerate(events, 1):
        event.setdefault("source_id", f"e{number}")
        event["id"] = 10_000 + number
    orders = [event for event in events if event["type"] == "ordered"]
    made = {
        "items": [line for order in orders for line in lines(order)],
        "links": [linked(1, 2), linked(3, 40), linked(40, 41), linked(5, 6), linked(5, 6, undone=True)],
        "consents": [consent(number, chance) for number in range(MEMBERS)],
        "costs": costs(chance),
        "steps": [step(number, chance) for number in range(0, MEMBERS, 3)],
        "grants": [
            grant(number, order) for number, order in enumerate(orders[::4], 1) if order["second"] > SALE - 9 * DAY
        ],
        **touches(chance),
    }
    return {**made, "events": [*events, *answers(made["touches"], len(events))]}


def person(number: int) -> int:
    """Return the id of a member."""
    return identity_id(KEY, f"wecom:m{number}")


def life(number: int, chance: Random) -> Iterator[Row]:
    """Yield all that one member does."""
    came = chance.randrange(SALE - 10 * DAY, SALE - 9 * DAY) if number % 4 == 1 else chance.randrange(FIRST, LAST)
    base = {"member": person(number), "entry": chance.choice(["wecom", "live", "shop"])}
    inviter = f"wecom:m{chance.randrange(MEMBERS)}" if number % 2 else None
    yield {**base, "type": "joined", "second": came, "ref": inviter, "subject": f"code-{number % 3}"}
    profile = {"zone": "Europe/Berlin", "interest": "绿茶"} if number % 4 == 0 else {"birth_year": 1960 + number}
    yield {**base, "type": "profiled", "second": came + 60, "props": json.dumps(profile)}
    for kind, most in (("viewed", 6), ("clicked", 3), ("checked_in", 2), ("messaged", 1)):
        for _ in range(chance.randint(0, most)):
            place = chance.choice(["store-1", "store-2", None])
            yield {**base, "type": kind, "second": chance.randrange(came, LAST), "subject": "page", "place": place}
    yield from served(base, number, came)
    orders = chance.choice([0, 0, 1, 2, 3, 6])
    # Those who order much look around much: something sets them apart, as look-alikes need.
    for look in range(2 * orders):
        yield {**base, "type": "viewed", "second": SALE - (look + 1) * DAY, "subject": "page"}
    for order in range(orders):
        yield from bought(
            base, f"o{number}-{order}", came + chance.randrange(90 * DAY) // chance.choice([1, 90]), chance
        )


def served(base: Row, number: int, came: int) -> Iterator[Row]:
    """Yield a complaint, most of them closed and some opened again, and what the member thinks of it."""
    ticket = {**base, "ref": f"t{number}"}
    yield {**ticket, "type": "complained", "second": came + DAY, "subject": "late"}
    if number % 3:
        yield {**ticket, "type": "ticket_closed", "second": came + DAY + number * 600, "subject": "solved"}
    if number % 6 == 1:
        yield {**ticket, "type": "ticket_opened", "second": came + 2 * DAY, "subject": "again"}
    yield {**base, "type": "rated", "second": came + 2 * DAY, "subject": "csat", "amount": number % 7}
    yield {**base, "type": "rated", "second": came + 2 * DAY, "subject": "nps", "amount": number % 11}


def bought(base: Row, name: str, second: int, chance: Random) -> Iterator[Row]:
    """Yield an order, its payment, and perhaps one or two refunds of it."""
    amount = chance.choice([chance.randrange(2_000, 60_000), 5_000, None])
    yield {**base, "type": "ordered", "second": second, "ref": name, "amount": amount, "quantity": 1}
    yield {**base, "type": "paid", "second": second + 300, "ref": name, "amount": amount, "subject": "card"}
    review = json.dumps({"words": second % 40, "photos": second % 3})
    yield {**base, "type": "rated", "second": second + DAY, "ref": name, "amount": 1, "subject": "tea", "props": review}
    for part in range(chance.choice([0, 0, 0, 1, 2])):
        back = None if amount is None else amount // (2 + part)
        yield {**base, "type": "refunded", "second": second + (part + 1) * DAY, "ref": name, "amount": back}


def claims(chance: Random) -> Iterator[Row]:
    """Yield claims of the sale: some too early, some twice, some of another item."""
    numbers = count(1)
    for member in range(MEMBERS):
        for _ in range(chance.randint(0, 3)):
            request = {"type": "claimed", "subject": "gaiwan", "ref": chance.choice(["G01", "G01", "G02"])}
            moment = SALE + chance.randrange(-3 * 3600, 2 * 3600)
            yield {**request, "member": person(member), "second": moment, "source_id": f"q{next(numbers)}"}


def words(number: int, chance: Random) -> Iterator[Row]:
    """Yield what a member answers, and what people say of them, by hand and in the channel; often at one moment."""
    moments = [chance.randrange(SALE - 60 * DAY, LAST) for _ in range(2)]
    for _ in range(chance.choice([0, 3, 6])):
        base = {"member": person(number), "second": chance.choice(moments), "staff": chance.choice(["小云", None])}
        props = json.dumps({"answer": chance.choice(["绿茶", "普洱、 花茶", "白茶", "", 7])})
        yield {
            **base,
            "type": "answered",
            "subject": chance.choice(["drink", "budget"]),
            "ref": "welcome",
            "props": props,
        }
        hand = chance.choice([{"note": "约了周三"}, {"value": "3", "expires": LAST}, {}])
        tag, kind = chance.choice(["tasting-host", "call-back"]), chance.choice(["tagged", "tagged", "untagged"])
        yield {**base, "type": kind, "subject": tag, "props": json.dumps(hand)}
        mark, kind = chance.choice(["et-wholesale", "et-vip"]), chance.choice(["marked", "marked", "unmarked"])
        yield {**base, "type": kind, "subject": mark, "ref": "wecom"}


def offered(number: int) -> Iterator[Row]:
    """Yield offers of coupons outside siyu, some used, and one use without an offer."""
    base = {"member": person(number), "second": SALE - 20 * DAY + number, "subject": f"spring-{number % 3}"}
    if number % 7:
        yield {**base, "type": "targeted"}
    if number % 4 == 0:
        yield {**base, "type": "redeemed", "second": SALE - 9 * DAY, "ref": "coupon"}


def linked(one: int, other: int, *, undone: bool = False) -> Row:
    """Return a link of two members, or the end of it."""
    return {"a": person(one), "b": person(other), "evidence": "phone", "time": SALE - 30 * DAY, "undone": undone}


def consent(number: int, chance: Random) -> Row:
    """Return a statement of consent."""
    state = chance.choice(["granted", "granted", "withdrawn", "unknown"])
    where = {"channel": chance.choice(["wecom", "screen", None]), "purpose": chance.choice(["marketing", None])}
    return {"member": person(number), "state": state, "time": chance.randrange(FIRST, LAST), **where}


def costs(chance: Random) -> list[Row]:
    """Return what the entries cost, every few days."""
    days = range(FIRST // DAY + 1, LAST // DAY, 5)
    every = [(day, entry) for day in days for entry in ("wecom", "live", None)]
    return [
        {"id": number, "day": day, "entry": entry, "amount": chance.randrange(1_000, 9_000)}
        for number, (day, entry) in enumerate(every, 1)
    ]


def touches(chance: Random) -> Rows:
    """Return touches written before, and their receipts."""
    sent, receipts = [], []
    for number in range(1, 80):
        when = chance.randrange(SALE - 9 * DAY, SALE - DAY)
        said = chance.choice(["brew-guide", "puer-guide", "welcome"])
        campaign, step = chance.choice([("welcome", "hello"), ("weekly-guide", "send"), ("win-back", "guide")])
        touch = {"id": number, "recipient": person(chance.randrange(MEMBERS)), "recipient_kind": "member"}
        about: Row = {"campaign": campaign, "step": step, "slot": "guide", "content": said, "channel": "wecom"}
        about["offer"] = "new-10" if number % 5 == 0 else None
        moments = {"due": when, "until": when + DAY, "edition": 1, "occurrence": str(number), "priority": 0}
        sent.append({**touch, **about, **moments, "purpose": "marketing"})
        states = ["queued", *chance.choice([["sending", "sent", "delivered"], ["sending", "failed"], []])]
        receipts += [{"touch": number, "state": state, "time": when} for state in states]
    return {"touches": sent, "receipts": receipts}


def answers(sent: Sequence[Row], events: int) -> Iterator[Row]:
    """Yield what recipients did with touches: most read them, some clicked, few replied."""
    for number, touch in enumerate(sent, events + 1):
        kind = ("read", "read", "clicked", "replied", None)[touch["id"] % 5]
        if kind:
            said = {"id": 10_000 + number, "source_id": f"e{number}", "ref": str(touch["id"]), "entry": "wecom"}
            yield {**said, "type": kind, "member": touch["recipient"], "second": touch["due"] + 600}


def lines(order: Row) -> Iterator[Row]:
    """Yield an order's lines: one or two, now and then without a category or an amount."""
    number = order["id"]
    for line in range(number % 2 + 1):
        category = ("绿茶", "普洱", "绿茶", None)[(number // 2 + line) % 4]
        amount = None if order["amount"] is None else order["amount"] // (number % 2 + 1)
        yield {"event": number, "sku": "G01", "category": category, "quantity": line + 1, "amount": amount}


def step(number: int, chance: Random) -> Row:
    """Return a journey's decision of some days ago."""
    start = chance.randrange(SALE - 9 * DAY, SALE - 6 * DAY)
    campaign, name, branch = chance.choice([("welcome", "hello", "send"), ("win-back", "start", "start")])
    decided = {"campaign": campaign, "version": "1-before", "step": name, "branch": branch}
    return {**decided, "member": person(number), "occurrence": str(start), "nominal": start, "decided": start}


def grant(number: int, order: Row) -> Row:
    """Return a line of the ledger that an order earned."""
    cause = {"cause_kind": "event", "cause": str(order["id"]), "item": "ordered", "lot": str(order["id"])}
    times = {"time": order["second"], "available": order["second"] + 7 * DAY, "expires": order["second"] + 20 * DAY}
    return {
        "id": number,
        "member": order["member"],
        "incentive": "points",
        "kind": "earned",
        "amount": 50,
        **cause,
        **times,
    }
