"""Forgetting a person: what goes, what the law makes one keep, and under which number."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu.components import component
from siyu.errors import UserError
from siyu.frames import latest
from siyu.identities import looked_up
from siyu.rights.suppression import ERASED, suppress
from siyu.stores.erasing import Sweep

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from siyu.kinds import Frame
    from siyu.stores.erasing import Eraser
    from siyu.view import View
    from siyu.work import Work

__all__ = ["LAWFUL", "Forgotten", "carry_out", "known_texts", "left", "prepare", "stage", "swept"]

LAWFUL = ("ordered", "paid", "received", "refunded", "redeemed", "opened", "corrected")
"""The types of events that are kept under another number: orders, and what ledgers are made of; all claims besides."""

_BITS = 62
# What may stand beside an outside id, or a number, that is not a part of a longer one.
_WORD, _DIGIT = "[^A-Za-z0-9_-]", "[^0-9]"
_WAITING = ("queued", "held")


@frozen
class Forgotten:
    """What came of an erasure.

    Attributes:
        pseudonym: The number that what must be kept goes by; nothing leads from the person to it.
        counts: How many rows were deleted or rewritten, by table.
        rewritten: Whether the store's file was written anew, so that no byte of it is left; False where somebody else
            in this process reads it, as a plan whose frames are in use: then it is done when it is opened next.
        left: Where the person may still be named, which people have to see to: the config, and backups.
    """

    pseudonym: int
    counts: Mapping[str, int]
    rewritten: bool
    left: list[str]


def known_texts(view: View, work: Work, ids: Sequence[int], asked: str) -> list[str]:
    """Return the outside ids of a person that can be read, as ``kind:value``: the one that was named, and addresses."""
    held = view.raw["addresses"].filter(nw.col("member").is_in(list(ids)))
    rows = view.rows(held.select("member", "kind", "value"))
    opened = [f"{kind}:{work.session.vault.opened(member, kind, value)}" for member, kind, value in rows]
    return sorted({*opened, asked} - {""})


def swept(texts: Sequence[str], ids: Sequence[int], pseudonym: int) -> list[Sweep]:
    """Return what is replaced wherever a log has it: outside ids, and the numbers that were made of them.

    A phone number or a mail address is replaced without its kind too; other ids only with it, as they may be short.
    None is replaced inside of a longer one, which is somebody else's.
    """
    found = [_sweep(text, _WORD, _WORD, "erased") for text in texts]
    for text in texts:
        kind, _, value = text.partition(":")
        if kind == "email":
            found.append(_sweep(value, _WORD, _WORD, "erased"))
        elif kind == "phone":
            # With the country's code before it, with a plus or without, it is the same number.
            found += [_sweep(one, _DIGIT, _DIGIT, "erased") for one in (value, value[1:], _national(value))]
    return found + [_sweep(str(number), _DIGIT, _DIGIT, str(pseudonym)) for number in ids]


def _sweep(text: str, before: str, after: str, new: str) -> Sweep:
    return Sweep(text, f"(^|{before}){re.escape(text)}({after}|$)", rf"\1{new}\2")


def _digits(texts: Sequence[str]) -> list[str]:
    """Return the numbers of phones among outside ids, without their country's code."""
    return [_national(text[6:]) for text in texts if text.startswith("phone:")]


def _national(number: str) -> str:
    import phonenumbers

    return str(phonenumbers.national_significant_number(phonenumbers.parse(number)))


def prepare(work: Work, number: int, asked: str) -> tuple[list[int], int]:
    """Return all ids of a person, and a new number that nobody has.

    Raises:
        UserError: Nothing is known of them.
    """
    view = work.view
    _, ids = component(view, number)
    some = view.table({"member": ids}, {"member": nw.Int64()})
    places = ("events", "consents", "addresses", "grants", "identities")
    known = nw.concat([view.raw[name].select("member") for name in places])
    if not view.rows(known.join(some, on="member", how="semi").head(1)):
        raise UserError(
            f"nothing is known of {asked}; whoever is never to be touched is put on the list by siyu suppress"
        )
    return ids, secrets.randbits(_BITS)


def stage(work: Work, ids: Sequence[int], pseudonym: int, by: str, reason: str) -> None:
    """Stage what an erasure leaves: the ids on the suppression list, and touches that wait taken back."""
    suppress(work, [*ids, pseudonym], action="add", origin=ERASED, by=by, reason=reason)
    newest = latest(work.view.raw["receipts"], ["touch"], ["seq"]).filter(nw.col("state").is_in(list(_WAITING)))
    mine = work.view.raw["touches"].filter(nw.col("recipient").is_in(list(ids))).select(touch=nw.col("id"))
    waiting = newest.join(mine, on="touch", how="semi").sort("touch")
    said = {"state": nw.lit("suppressed"), "reason": nw.lit("erased"), "time": nw.lit(work.run.now)}
    work.stage("receipts", waiting.select("touch", **said))


def carry_out(work: Work, eraser: Eraser, texts: Sequence[str], sweep: Sequence[Sweep]) -> None:
    """Erase inside the open transaction."""
    claims = [name for name, event in work.registry.events.items() if event.claim]
    eraser.erase([*LAWFUL, *claims])
    eraser.keep(_kept(work, eraser))
    for number in _digits(texts) or [""]:
        eraser.refused(number, _refused(work, eraser))
    eraser.sweep(sweep)


def _kept(work: Work, eraser: Eraser) -> Frame:
    """Return the events that stay with what their types need of their props: seq, props."""
    rows = work.session.table("events").filter(nw.col("member").is_in(eraser.ids))
    names = {name: frozenset(event.props) for name, event in work.registry.events.items()}
    return work.keep(work.session.engine.picked(rows, "props", "type", names).select("seq", "props"))


def _refused(work: Work, eraser: Eraser) -> list[int]:
    """Return which rows of ``rejects`` begin with an outside id of the person."""
    engine, region = work.session.engine, work.programme.brand.dialling
    raw = work.session.table("rejects").select("seq", _first=nw.col("raw").str.replace_all(r"(?s)\|.*$", ""))
    told = looked_up(engine, work.session.table("identities"), work.keep(raw), "_first", "member", region)
    return [seq for (seq,) in engine.rows(told.filter(nw.col("member").is_in(eraser.ids)).select("seq"))]


def left(work: Work, texts: Sequence[str], path: Path | None) -> list[str]:
    """Return where a person may still be named."""
    canonical = work.programme.canonical
    found = [f"the config names {text}: take it out, and see to the repository's history" for text in texts
             if text in canonical]  # fmt: skip
    older = work.session.engine.rows(work.session.table("configs").select("canonical"))
    if any(text in one for text in texts for (one,) in older if one != canonical):
        found.append("an earlier config names them, which the log keeps as it was decided by")
    backups = sorted(path.parent.glob(f"{path.name}.backup-*")) if path is not None else []
    return found + [f"the backup {one.name} has them: delete it, or erase them again after restoring it"
                    for one in backups]  # fmt: skip
