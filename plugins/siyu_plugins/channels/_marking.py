"""Tags of WeCom's own on its customers (客户标签): each staff member has tags of their own on a contact."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

from siyu.kinds import Mark
from siyu_plugins._platform import PlatformError
from siyu_plugins._wecom import App, calling
from siyu_plugins.channels._sending import local

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["marked"]


def marked(corp: str, app: App, folder: Path, changes: Sequence[Mark]) -> Iterator[Mark]:
    """Make changes by ``mark_tag``, one call for each staff member and contact; a change is made when all made it.

    Source: developer.work.weixin.qq.com/document/path/92118. That one called too often is waited out.

    Raises:
        PlatformError: A call failed for another reason than its own contact; what went before was yielded.
    """
    able = [one for one in changes if one.staff and local(one.address, corp)]
    calls = sorted({(staff, local(one.address, corp)) for one in able for staff in one.staff})
    bodies = [_body(corp, staff, person, able) for staff, person in calls]
    failed: dict[tuple[str, str], PlatformError] = {}
    if bodies:
        with calling(corp, app, folder) as client:
            answers = client.tried("externalcontact/mark_tag", bodies)
        failed = {call: one for call, one in zip(calls, answers, strict=True) if isinstance(one, PlatformError)}
    for one in changes:
        person = local(one.address, corp)
        errors = [failed[staff, person] for staff in one.staff if (staff, person) in failed]
        if not (one.staff and person):
            yield evolve(one, reason="the member is nobody's contact" if person else f"the member has no id of {corp}")
        elif all(error.fate == "final" for error in errors):
            yield evolve(one, reason=str(errors[0]) if errors else "")
    for error in failed.values():
        if error.fate != "final":
            raise error


def _body(corp: str, staff: str, person: str, changes: Sequence[Mark]) -> dict[str, Any]:
    mine = [one for one in changes if staff in one.staff and local(one.address, corp) == person]
    tags = {change: [one.mark for one in mine if one.change == change] for change in ("add", "remove")}
    return {
        "userid": staff,
        "external_userid": person,
        **{f"{change}_tag": marks for change, marks in tags.items() if marks},
    }
