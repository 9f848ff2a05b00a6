"""Channel codes (渠道活码): which there should be, which the platform has, and who joined by each."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import evolve

from siyu.frames import latest
from siyu.handover import Handovers
from siyu.kinds import Entry
from siyu.values import ChannelCode, Coding
from siyu.vouchers import Vouchers, label

if TYPE_CHECKING:
    from siyu.passes import Moment
    from siyu.view import View

__all__ = ["Codes"]

_PROPS = {"link": nw.String(), "whose": nw.String()}


class Codes(Handovers):
    """Has platforms make the channel codes of the config, once each."""

    def codes(self, *, make: bool = False, now: Moment = None) -> list[ChannelCode]:
        """Return the channel codes of the config, with what the platform has of them and how many joined by each.

        Args:
            make: Whether to have those made that are not there, and those changed that are there otherwise.
            now: The moment of it.

        Raises:
            UserError: The entry has nothing to ask its platform with, or the platform refuses.
        """
        second = self._second(now)
        entries = [one for one in self.programme.of(Entry) if isinstance(one, Coding) and one.channel_codes]
        if make:
            for entry in entries:
                self._made(entry, second)
        with self.store.opened() as session:
            view = self.view(session, second)
            known, joined = _known(view), _joined(view)
        found = []
        for code in (code for entry in entries for code in entry.channel_codes):
            there = known.get(code.name, code)
            found.append(evolve(code, ref=there.ref, link=there.link, joined=joined.get(code.name, 0)))
        return found

    def vouchers(self, incentive: str, item: str) -> Vouchers:
        """Return what makes and verifies the codes of an item of an incentive: see ``Term.codes``."""
        return Vouchers(self._key, label(incentive, item))

    def _made(self, entry: Coding, second: int) -> None:
        with self.store.opened() as session:
            known = list(_known(self.view(session, second)).values())
        for code in entry.make(self.programme.folder.resolve(), known, second):
            told = {"link": code.link, "whose": ",".join(code.staff)}
            row: dict[str, object] = {
                "identity": f"code:{code.name}",
                "type": "code_made",
                "time": datetime.fromtimestamp(second, UTC).isoformat(),
                "source_id": f"code {code.name} {code.ref} {told['whose']} {second}",
                "subject": code.name,
                "ref": code.ref,
                "place": code.place or None,
                "props": json.dumps(told, ensure_ascii=False),
            }
            # At once, so that what was made is known whatever becomes of the next one.
            self.ingest([row], entry=entry.name, now=second)


def _known(view: View) -> dict[str, ChannelCode]:
    """Return what the log tells of the codes that were made, by name."""
    made = latest(view.events.filter(nw.col("type") == "code_made"), ["subject"], ["second", "id"])
    rows = view.rows(view.fields(made, _PROPS).select("subject", "ref", "link", "whose"))
    return {
        name: ChannelCode(name, staff=tuple((whose or "").split(",")), ref=ref, link=link or "")
        for name, ref, link, whose in rows
    }


def _joined(view: View) -> dict[str, int]:
    joined = view.events.filter(nw.col("type") == "joined", ~nw.col("subject").is_null())
    numbers = joined.select("subject", "member").unique().group_by("subject").agg(n=nw.len())
    return dict(view.rows(numbers.select("subject", "n")))
