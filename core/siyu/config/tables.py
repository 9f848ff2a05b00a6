"""siyu's own tables of a config: the brand, its plugins, the gate, goals, rules and advice."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from attrs import field, frozen
from attrs.validators import ge

from siyu.config._words import closest
from siyu.config.limits import Brake, Cap, Fatigue, Spending
from siyu.config.units import ClockRange, Duration, Secret
from siyu.kinds import doc

if TYPE_CHECKING:
    from attrs import Attribute as Field

__all__ = [
    "Advice",
    "Age",
    "Basis",
    "Brake",
    "Brand",
    "Cap",
    "Gate",
    "Goal",
    "Identity",
    "Plugins",
    "Rules",
]

_NO_DECIMALS = ("JPY", "KRW", "VND")


def _zone(_: object, __: Field[str], value: str) -> None:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        hint = closest(value, available_timezones()) or "a zone is named as in 'Asia/Shanghai'"
        message = f"no time zone '{value}'; {hint}"
        raise ValueError(message) from error


def _currency(_: object, __: Field[str], value: str) -> None:
    if not re.fullmatch("[A-Z]{3}", value):
        message = f"expected a currency of three capital letters, as in 'CNY', not '{value}'"
        raise ValueError(message)


def _filled(_: object, __: Field[str], value: str) -> None:
    if not value.strip():
        message = "expected a text that is not empty"
        raise ValueError(message)


def _outside(_: object, __: Field[tuple[str, ...]], value: tuple[str, ...]) -> None:
    for each in value:
        kind, _, rest = each.partition(":")
        if not kind.strip() or not rest.strip():
            message = f"expected outside ids, as in 'wecom:wm7' or 'phone:+8613800000000', not '{each}'"
            raise ValueError(message)


def _web(_: object, __: Field[str], value: str) -> None:
    parts = urlsplit(value)
    if value and (parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment):
        raise ValueError(f"expected an address with https, as in 'https://tea.example.com/siyu', not '{value}'")


@frozen(kw_only=True)
class Brand:
    """The owner of the audience: ``[brand]``."""

    name: str = field(validator=_filled, metadata=doc("the brand's name", example="Tea shop"))
    zone: str = field(
        default="UTC", validator=_zone, metadata=doc("the time zone that days are counted in", example="Asia/Shanghai")
    )
    member_zone: str = field(validator=_zone, metadata=doc("the zone of members that state none; the brand's own"))
    currency: str = field(
        default="CNY", validator=_currency, metadata=doc("the currency of all amounts", example="CNY")
    )
    region: str = field(default="", metadata=doc("the region of members that state none", example="CN"))
    language: str = field(default="", metadata=doc("the language of members that state none", example="zh"))
    url: str = field(
        default="", validator=_web, metadata=doc("where the web application answers", example="https://tea.example.com")
    )
    store: Path = field(
        default=Path(".siyu/store.duckdb"), metadata=doc("the store's file, relative to the brand's folder")
    )
    key: Secret = field(
        default=Secret(file=".siyu/key"), metadata=doc("where the secret is kept that ids are hashed with")
    )
    older_keys: tuple[Secret, ...] = field(
        default=(), metadata=doc("where the secrets are kept that ids were hashed with before, the oldest first")
    )

    @member_zone.default
    def _member_zone(self) -> str:
        return self.zone

    @property
    def dialling(self) -> str:
        """The region whose phone numbers are written without a country's code: the brand's, else its currency's."""
        return self.region if re.fullmatch("[A-Z]{2}", self.region) else self.currency[:2]

    @property
    def exponent(self) -> int:
        """How many decimals the currency has."""
        return 0 if self.currency in _NO_DECIMALS else 2


@frozen(kw_only=True)
class Plugins:
    """Which plugins load: ``[plugins]``."""

    block: tuple[str, ...] = field(default=(), metadata=doc("plugins that are kept from loading"))


def _some(_: object, __: Field[dict[str, int]], value: dict[str, int]) -> None:
    for kind, number in value.items():
        if number < 1:
            raise ValueError(f"expected 1 or more for '{kind}', not {number}")


@frozen(kw_only=True)
class Identity:
    """Which outside ids are one person: ``[identity]``."""

    shared_by: int = field(
        default=5,
        validator=ge(1),
        metadata=doc("an id that is linked with more ids of one kind than this is nobody's own", example=5),
    )
    shared_by_kind: dict[str, int] = field(
        factory=dict, validator=_some, metadata=doc("the same for ids of a certain kind", example={"email": 3})
    )
    release: tuple[str, ...] = field(
        default=(),
        validator=_outside,
        metadata=doc("ids that join people, however many share them", example=["phone:+8613800138000"]),
    )
    single: tuple[str, ...] = field(
        default=("wecom",),
        metadata=doc("kinds of ids that one person has one of; who has two is reported", example=["wecom"]),
    )


@frozen(kw_only=True)
class Basis:
    """Why members that were known before a day count as consenting to marketing."""

    source: str = field(validator=_filled, metadata=doc("where the consents were collected"))
    date: date = field(metadata=doc("members that joined before this day are meant", example=date(2026, 12, 1)))
    proof: str = field(validator=_filled, metadata=doc("where the proof is kept"))


def _ages(_: object, __: Field[dict[str, int]], value: dict[str, int]) -> None:
    for region, age in value.items():
        if age < 0:
            raise ValueError(f"expected an age of 0 or more for '{region}', not {age}")


@frozen(kw_only=True)
class Age:
    """From which age on members get marketing, and what an unknown age counts as."""

    least: int = field(validator=ge(0), metadata=doc("the least age", unit="years", example=18))
    unknown: Literal["refuse", "allow"] = field(
        default="refuse", metadata=doc("what happens to members whose year of birth is not known")
    )
    regions: dict[str, int] = field(
        factory=dict,
        validator=_ages,
        metadata=doc("the least age in regions that have another one (years)", example={"DE": 16}),
    )

    @property
    def greatest(self) -> int:
        """The greatest of the least ages, for where the region is not known."""
        return max((self.least, *self.regions.values()))

    @property
    def smallest(self) -> int:
        """The smallest of the least ages, which rules look at."""
        return min((self.least, *self.regions.values()))


@frozen(kw_only=True)
class Gate:
    """What nothing goes out past: ``[gate]``."""

    consent: Literal["granted", "unless-withdrawn"] = field(
        default="granted", metadata=doc("what it takes: a consent that was granted, or none that was withdrawn")
    )
    basis: Basis | None = field(default=None, metadata=doc("the consents of members that were known before a day"))
    quiet: ClockRange = field(
        default=ClockRange.parse("21:00-09:00"),
        metadata=doc("when nothing is sent, in the member's zone", example="21:00-09:00"),
    )
    unknown_zone: Literal["strictest", "member_zone"] = field(
        default="member_zone",
        metadata=doc("where members live that state no zone: where the brand says, or wherever it is quiet"),
    )
    in_quiet: Literal["hold", "skip"] = field(
        default="hold",
        metadata=doc("what becomes of marketing that is due in quiet hours: it waits until they end, or never goes"),
    )
    caps: tuple[Cap, ...] = field(
        default=(Cap(times=1, per="day"), Cap(times=3, per="week")),
        metadata=doc("how many touches one recipient may get, or the brand may send"),
    )
    budget: Spending | None = field(default=None, metadata=doc("how much all touches together may cost"))
    fatigue: Fatigue | None = field(
        default=None, metadata=doc("how a falling read rate slows the touches; not at all by default")
    )
    regions: dict[str, str] = field(
        factory=dict,
        metadata=doc(
            "regions that what is sent to a member may be kept in, beside their own, each with its basis; 'consent' "
            "asks each member for one whose purpose is cross-border",
            example={"SG": "consent"},
        ),
    )
    distance: Duration = field(
        default=Duration.parse("4h"), metadata=doc("the least time between two marketing touches", example="4h")
    )
    age: Age | None = field(default=None, metadata=doc("from which age on members get marketing; of any by default"))
    tickets: Literal["hold", "ignore"] = field(
        default="hold", metadata=doc("what happens to marketing for members with an open ticket or complaint")
    )
    ticket_age: Duration = field(
        default=Duration.parse("30d"), metadata=doc("after how long a ticket counts as closed", example="30d")
    )
    brake: Brake = field(factory=Brake, metadata=doc("when a run is held for a person"))
    allow: tuple[str, ...] = field(
        default=(),
        validator=_outside,
        metadata=doc("the only recipients that are reached outside production, as outside ids", example=["wecom:wm7"]),
    )
    testers: tuple[str, ...] = field(
        default=(),
        validator=_outside,
        metadata=doc("who gets tests in production, as outside ids; elsewhere those of 'allow'", example=["wecom:wm7"]),
    )


@frozen(kw_only=True)
class Goal:
    """A target for a measured number: ``[goal.NAME]``."""

    metric: str = field(metadata={**doc("the metric that measures it", example="repurchase"), "refers": "metric"})
    key: str = field(metadata=doc("which of the metric's numbers", example="share"))
    slice: str = field(default="", metadata=doc("of which slice of it; of all by default", example="wecom"))
    period: str = field(default="", metadata=doc("of which period; of the newest by default", example="2026-11"))
    target: float = field(metadata=doc("what the number should come to", example=0.3))
    better: Literal["more", "less"] = field(default="more", metadata=doc("on which side of the target it should be"))
    by: date | None = field(default=None, metadata=doc("until when", example=date(2027, 6, 30)))
    weight: int = field(
        default=1, validator=ge(1), metadata=doc("how much it counts beside the other goals", example=3)
    )


@frozen(kw_only=True)
class Rules:
    """The rule packs that the config is judged by: ``[rules]``."""

    packs: tuple[str, ...] = field(default=(), metadata=doc("the packs, as siyu brings them", example=["cn-2026"]))
    waive: dict[str, str] = field(
        factory=dict, metadata=doc("rules that are not kept, each with the reason", example={"quiet-hours": "no texts"})
    )
    tighten: dict[str, int | str | tuple[str, ...]] = field(
        factory=dict,
        metadata=doc("stricter limits than the packs have, by rule", example={"quiet-hours": "20:00-09:00"}),
    )


@frozen(kw_only=True)
class Advice:
    """What ``siyu check`` says beyond errors: ``[advice]``."""

    silence: dict[str, str] = field(
        factory=dict,
        metadata=doc("advice that is not repeated, each with the reason", example={"single-entry": "one shop"}),
    )
