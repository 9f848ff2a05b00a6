"""Handovers at WeCom (在职继承, 离职继承): whose customers there are, what is asked for, and what came of it.

Source: developer.work.weixin.qq.com/document/path/92125 and 94088 (staff in office), 94081 and 94082 (who left),
92124 (whom nobody serves)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.values import Handover
from siyu_plugins._platform import PlatformError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from siyu_plugins._http import Client

__all__ = ["MOST", "asked", "customers", "handed"]

MOST = 100
"""How many members are asked for at once."""

_PREFIX = "wecom:"
_PAGE = 1000
_NOBODY = 84061
_UNDER_WAY = (40100, 40129)
# The platform's codes for one member, as listed at developer.work.weixin.qq.com/document/path/90313 (global codes).
_REASONS = {
    40096: "no contact of the company",
    40097: "the former staff member has not left",
    40098: "the new staff member has not proved who they are",
    40099: "the new staff member has as many contacts as they may",
    40128: "handed over twice in the last 90 days",
    40130: "the staff members are the same",
    40131: "no contact of the former staff member",
}
_ENDS = {3: "the member refused", 4: "the new staff member has as many contacts as they may"}
_STATES = {1: "done", 2: "waiting", 3: "refused", 4: "refused"}


def customers(client: Client, former: str, *, resigned: bool) -> list[str]:
    """Return the outside ids of a staff member's contacts, of one who left those that nobody serves yet."""
    if resigned:
        return [f"{_PREFIX}{one}" for one in _unassigned(client, former)]
    try:
        listed = client.get("externalcontact/list", userid=former).get("external_userid") or ()
    except PlatformError as error:
        if error.code != _NOBODY:
            raise
        listed = ()
    return [f"{_PREFIX}{one}" for one in listed]


def asked(client: Client, pair: tuple[str, str], people: Sequence[str], *, resigned: bool) -> Iterator[Handover]:
    """Ask for members, and yield whom the platform refused; one that is under way already is none of them."""
    body = {**_body(pair), "external_userid": [one.removeprefix(_PREFIX) for one in people]}
    # Asked again, what was begun would look refused.
    answer = client.post(_path("transfer_customer", resigned=resigned), body, repeat=False)
    for one in answer.get("customer") or ():
        code = one.get("errcode", 0)
        if code and code not in _UNDER_WAY:
            yield Handover(_PREFIX + one["external_userid"], "refused", reason=_REASONS.get(code, f"WeCom: {code}"))


def handed(client: Client, pair: tuple[str, str], *, resigned: bool) -> Iterator[Handover]:
    """Yield what became of all handovers between two staff members."""
    cursor = ""
    while True:
        answer = client.post(_path("transfer_result", resigned=resigned), {**_body(pair), "cursor": cursor})
        for one in answer.get("customer") or ():
            status = one.get("status", 0)
            if status in _STATES:
                second = one.get("takeover_time") or 0 if status == 1 else 0
                reason = _ENDS.get(status, "")
                yield Handover(_PREFIX + one["external_userid"], _STATES[status], second, reason)
        cursor = answer.get("next_cursor") or ""
        if not cursor:
            return


def _unassigned(client: Client, former: str) -> Iterator[str]:
    cursor = ""
    while True:
        answer = client.post("externalcontact/get_unassigned_list", {"page_size": _PAGE, "cursor": cursor})
        listed = answer.get("info") or ()
        yield from (one["external_userid"] for one in listed if one.get("handover_userid") == former)
        cursor = answer.get("next_cursor") or ""
        if not cursor:
            return


def _body(pair: tuple[str, str]) -> dict[str, str]:
    return {"handover_userid": pair[0], "takeover_userid": pair[1]}


def _path(what: str, *, resigned: bool) -> str:
    return f"externalcontact/{'resigned/' if resigned else ''}{what}"
