"""What comes over the claims desk out of the log: claims without an answer, and payments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.claims.lines import Claim, Payment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from siyu.claims.desk import Desk
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["claimed", "pending", "recipients"]

_COLUMNS = ["type", "id", "member", "subject", "ref", "source_id", "second", "quantity"]
_PROPS = {"to": nw.String(), "code": nw.String()}


def pending(view: View, desk: Desk) -> list[Claim | Payment]:
    """Return the claims that have no answer yet, and the payments for open reservations, in the log's order.

    A claim from before an offer's days, its head start included, is history, and gets none.
    """
    if not desk.offers:
        return []
    wanted = ["claimed", "paid"] if any(offer.term.unpaid for offer in desk.offers.values()) else ["claimed"]
    begin = min(offer.opens for offer in desk.offers.values())
    events = view.events.filter(nw.col("type").is_in(wanted), nw.col("second") >= begin, nw.col("seq") > desk.seen)
    carrying = any(offer.term.transfer or offer.term.code for offer in desk.offers.values())
    return [move for move in _moves(view, events, carrying=carrying) if not _historic(move, desk)]


def claimed(view: View, events: Frame) -> list[Claim]:
    """Return events ``claimed`` as claims, in the log's order."""
    return [move for move in _moves(view, events, carrying=True) if isinstance(move, Claim)]


def recipients(view: View, texts: Iterable[str]) -> dict[str, int]:
    """Return the members that texts name, by an outside id or by number: 0 for one that nobody knows."""
    asked = sorted(set(texts))
    if not asked:
        return {}
    # The number of a member is one of the ids that it goes by; a text that is no id is nobody's.
    frame = view.identified(view.table({"text": asked}, {"text": nw.String()}), "text", "named")
    named = dict(view.rows(frame.select("text", "named")))
    numbers = {text: int(text) if text.isdecimal() else named[text] for text in asked}
    return {text: _known(view, numbers).get(number, 0) for text, number in numbers.items()}


def _known(view: View, numbers: dict[str, int | None]) -> dict[int | None, int]:
    """Return the least ids of those members whom an identity or an event names, by the numbers."""
    ids = sorted({number for number in numbers.values() if number is not None})
    frame = view.table({"number": ids, "member": ids}, {"number": nw.Int64(), "member": nw.Int64()})
    there = nw.concat([view.raw[table].select("member") for table in ("identities", "canon", "members")])
    found = view.resolve(frame.join(there.unique(), on="member", how="semi"))
    return dict(view.rows(found.select("number", "member")))


def _moves(view: View, events: Frame, *, carrying: bool) -> list[Claim | Payment]:
    """Return events as moves; ``carrying`` says whether what claims carry in their props is asked for."""
    if not carrying:
        return [_move(row, "", "", {}) for row in view.rows(events.sort("seq").select(*_COLUMNS))]
    rows = view.rows(view.fields(events, _PROPS).sort("seq").select(*_COLUMNS, *_PROPS))
    known = recipients(view, (to for *_, to, _ in rows if to))
    return [_move(row[:-2], row[-2] or "", row[-1] or "", known) for row in rows]


def _historic(move: Claim | Payment, desk: Desk) -> bool:
    offer = desk.offers.get((move.incentive, move.item)) if isinstance(move, Claim) else None
    return offer is not None and move.second < offer.opens


def _move(row: tuple[Any, ...], to: str, code: str, known: Mapping[str, int]) -> Claim | Payment:
    what, event, member, subject, ref, source_id, second, quantity = row
    if what == "paid":
        return Payment(event, ref or "", second)
    texts = (subject or "", ref or "", source_id or "")
    number = known.get(to, 0) if to else None
    return Claim(event, member, *texts, second, 1 if quantity is None else quantity, number, code)
