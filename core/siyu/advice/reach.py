"""Advice on how often, how long and to how many messages go out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.advice.subject import Found, Subject
from siyu.config.units import DAY
from siyu.kinds import Campaign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siyu.config.tables import Cap

__all__ = ["caps_above_channel", "little_time", "no_holdout", "too_many_rules"]

_MOST = 7
_LONGEST = 20 * 3_600
# The most days, and the most weeks that days of it belong to, that a month has.
_A_MONTH = {"day": 31, "week": 6, "month": 1}
_THE_BRANDS = {"use", "from", "until", "budget", "worth", "attribution", "basis", "codes", "guard"}


def no_holdout(subject: Subject) -> Iterator[Found]:
    """Threshold: marketing campaigns, and none with a holdout above 0.

    What members who were touched have bought says nothing, as long as nobody knows what they would have bought anyway.
    """
    campaigns = subject.programme.of(Campaign)
    marketing = [campaign for campaign in campaigns if campaign.purpose == "marketing"]
    if marketing and not any(campaign.holdout.basis_points for campaign in marketing):
        message = "no campaign keeps a holdout, so nobody will know what came of any"
        yield Found(("campaign", marketing[0].name), message, 'give one of them holdout = "10%"', on="key")


def too_many_rules(subject: Subject) -> Iterator[Found]:
    """Threshold: an incentive with more than 7 rules, or a campaign with more than 7 steps.

    Seven is about what people hold in mind at once (Miller, 1956); members leave what they have to study, and ask the
    staff about the rest. In an incentive each key counts as one, an inner table by its keys, an array of tables by
    its tables, and ``limit`` as one; ``use``, ``from``, ``until``, ``budget`` and ``worth`` are the brand's affair, and
    so is how a referral finds the inviter and whom it suspects.
    """
    for name, table in subject.tree.get("incentive", {}).items():
        rules = sum(_count(key, value) for key, value in table.items() if key not in _THE_BRANDS)
        if rules > _MOST:
            message = f"a member has {rules} rules to know; {_MOST} are about what one keeps in mind"
            yield Found(("incentive", name), message, "leave some out, or make two of it", on="key")
    for name, table in subject.tree.get("campaign", {}).items():
        steps = max((len(value) for value in table.values() if _tables(value)), default=0)
        if steps > _MOST:
            message = f"it has {steps} steps; after {_MOST} hardly anybody follows"
            yield Found(("campaign", name), message, "end it earlier, or begin another for those who stay", on="key")


def caps_above_channel(subject: Subject) -> Iterator[Found]:
    """Threshold: the caps let more marketing touches through in the longest month than the channel states.

    The platform drops what is above its own cap, in an order of its own; a cap of the brand's keeps what has priority.
    """
    for (_, name), cap in ((path[:2], cap) for path, cap in subject.stating("monthly_cap") if path[0] == "channel"):
        caps = [one for one in subject.programme.gate.caps if _marketing(one, str(name))]
        most = min((one.times * _spans(one) for one in caps), default=None)
        if most is None or most > cap:
            allowed = "any number" if most is None else f"up to {most}"
            message = f"the caps allow {allowed} a month by {name}, whose platform allows {cap}"
            hint = f'add {{ times = {cap}, per = "month", channel = "{name}" }}'
            yield Found(("gate", "caps"), message, hint)


def little_time(subject: Subject) -> Iterator[Found]:
    """Threshold: quiet hours of more than 20 hours a day.

    In under 4 hours a day whatever waits for the next window outlives its ``until``, and is never sent.
    """
    quiet = subject.programme.gate.quiet
    length = (quiet.end - quiet.start) % DAY
    if length > _LONGEST:
        hours = (DAY - length) / 3_600
        message = f"the quiet hours leave {hours:.1f} hours a day: much will expire while it waits"
        yield Found(("gate", "quiet"), message, "leave 4 hours or more")


def _count(key: str, value: object) -> int:
    if isinstance(value, dict) and key != "limit":
        return len(value)
    return len(value) if isinstance(value, list) and _tables(value) else 1


def _tables(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(each, dict) for each in value)


def _spans(cap: Cap) -> int:
    """Return how many spans of a cap a month touches at most."""
    if cap.within is not None:
        return -(-31 * DAY // cap.within.seconds)
    return _A_MONTH[cap.per.removeprefix("local ")]


def _marketing(cap: Cap, channel: str) -> bool:
    partly = cap.campaign or cap.kind or cap.each == "brand"
    return cap.purpose == "marketing" and cap.channel in ("", channel) and not partly
