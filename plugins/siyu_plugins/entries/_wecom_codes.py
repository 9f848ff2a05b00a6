"""Channel codes of WeCom (联系我): what the config says of one, and how it is made.

Source: developer.work.weixin.qq.com/document/path/92228
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
from attrs import Attribute, evolve, field, frozen

from siyu.kinds import doc
from siyu.values import ChannelCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from siyu.kinds import Frame, Intake
    from siyu_plugins._http import Client

__all__ = ["Code", "made", "named", "placed"]

_LONGEST = 30
_SCANNED = 2
_ONE, _SEVERAL = 1, 2
# A code that was made and not recorded, as after a crash, is looked for this far back, in seconds.
_BACK = 7 * 86_400
_PAGE = 1000


@frozen(kw_only=True)
class Code:
    """A code: of a campaign, a place and staff."""

    staff: tuple[str, ...] = field(
        metadata=doc("the staff who are added by it, one of them each time", example=["ann"])
    )
    campaign: str = field(default="", metadata=doc("the campaign that it is of", example="spring"))
    place: str = field(default="", metadata=doc("the place where it hangs; joinings by it are there", example="Mall 1"))
    verify: bool = field(default=False, metadata=doc("whether the staff member must agree to each one"))

    @staff.validator
    def _some(self, _: Attribute[tuple[str, ...]], value: tuple[str, ...]) -> None:
        if not value or not all(value):
            raise ValueError('expected the staff who are added by the code, as in ["ann"]')


def named(_: object, __: Attribute[Mapping[str, Code]], value: Mapping[str, Code]) -> None:
    """Look whether WeCom can tell codes of these names.

    Raises:
        ValueError: One is too long.
    """
    for name in value:
        if len(name.encode()) > _LONGEST:
            raise ValueError(f"expected names of {_LONGEST} bytes at most, since WeCom tells no more, not '{name}'")


def placed(intake: Intake, codes: Mapping[str, Code], rows: Frame) -> Frame:
    """Add ``place`` to followings and joinings by a code that hangs somewhere."""
    places = {name: code.place for name, code in codes.items() if code.place}
    if not places:
        return rows
    columns = {"subject": list(places), "at": list(places.values())}
    told = rows.join(intake.frame(columns, dict.fromkeys(columns, nw.String())), on="subject", how="left")
    begun = nw.col("type").is_in(["followed", "joined"])
    return told.with_columns(place=nw.when(begun).then(nw.col("at")).otherwise(None)).drop("at")


def made(client: Client, codes: Mapping[str, Code], known: Sequence[ChannelCode], now: int) -> Iterator[ChannelCode]:
    """Make the codes that are not known, and change those whose staff differ; yield each as soon as it is done."""
    there = {one.name: one for one in known}
    missing = [name for name in codes if name not in there]
    lost = _lost(client, {one.ref for one in known}, now) if missing else {}
    for name, code in codes.items():
        told = ChannelCode(name, code.campaign, code.place, code.staff)
        found = there.get(name) or lost.get(name)
        if found is None:
            answer = client.post("externalcontact/add_contact_way", _body(name, code), repeat=False)
            yield evolve(told, ref=answer["config_id"], link=answer.get("qr_code", ""))
        elif found.staff != code.staff:
            changed = {**_body(name, code), "config_id": found.ref}
            client.post("externalcontact/update_contact_way", changed)
            yield evolve(told, ref=found.ref, link=found.link)
        elif name in lost:
            yield evolve(told, ref=found.ref, link=found.link)


def _body(name: str, code: Code) -> dict[str, Any]:
    return {
        "type": _ONE if len(code.staff) == 1 else _SEVERAL,
        "scene": _SCANNED,
        "state": name,
        "user": list(code.staff),
        "skip_verify": not code.verify,
        "remark": f"{code.campaign} {code.place}".strip()[:_LONGEST],
    }


def _lost(client: Client, known: set[str], now: int) -> dict[str, ChannelCode]:
    """Return the codes that were made lately and are not known, by name."""
    listed = [one for one in _listed(client, now) if one not in known]
    found = {}
    for answer in client.posts("externalcontact/get_contact_way", [{"config_id": one} for one in listed]):
        way = answer["contact_way"]
        staff = tuple(way.get("user") or ())
        name = way.get("state", "")
        found[name] = ChannelCode(name, staff=staff, ref=way["config_id"], link=way.get("qr_code", ""))
    return found


def _listed(client: Client, now: int) -> Iterator[str]:
    cursor = ""
    while True:
        asked = {"start_time": now - _BACK, "end_time": now, "limit": _PAGE, "cursor": cursor}
        answer = client.post("externalcontact/list_contact_way", asked)
        yield from (one["config_id"] for one in answer.get("contact_way") or ())
        cursor = answer.get("next_cursor") or ""
        if not cursor:
            return
