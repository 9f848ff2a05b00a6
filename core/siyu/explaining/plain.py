"""A touch in plain words, to be read out to the customer: what is known, why the message came, how to stop it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from attrs import frozen

from siyu.config.programme import Programme
from siyu.explaining.touch import Told
from siyu.explaining.words import BY, DID, STATES, STOPPED, WORDS
from siyu.kinds import Channel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["LANGUAGES", "plain"]

LANGUAGES = tuple(WORDS)
"""The languages that a customer can be told in."""

_GONE = {"sent", "delivered", "handed", "unknown", "sending"}


def plain(told: Told, programme: Programme, page: str, language: str = "") -> list[str]:
    """Return sentences for a customer.

    Args:
        told: What is told of the touch.
        programme: The config.
        page: The address of the member's own page; empty where there is none.
        language: One of ``LANGUAGES``; else the member's own, else the brand's, else English.
    """
    wishes = [language, str(told.attributes.get("language") or ""), programme.brand.language]
    tongue = next((wish[:2].lower() for wish in wishes if wish[:2].lower() in WORDS), "en")
    return list(_Speaker(told, programme, page, tongue).sentences())


@frozen
class _Speaker:
    """Says one touch in one language."""

    told: Told
    programme: Programme
    page: str
    tongue: str

    def sentences(self) -> Iterator[str]:
        """Say it."""
        if self.told.erased is not None:
            yield self._say("erased", at=self._at(self.told.erased))
            return
        yield self._what()
        yield from self._waited()
        yield self._say(self.told.touch["purpose"])
        yield from self._why()
        yield from self._known()
        yield from self._consent()
        yield from self._stop()
        yield self._say("rights")

    def _say(self, sentence: str, /, **given: object) -> str:
        return WORDS[self.tongue][sentence].format(brand=self.programme.brand.name, **given)

    def _at(self, second: int) -> str:
        zone = str(self.told.attributes.get("zone") or self.programme.brand.member_zone)
        return WORDS[self.tongue]["moment"].format(at=datetime.fromtimestamp(second, ZoneInfo(zone)))

    def _what(self) -> str:
        newest = self.told.receipts[-1]
        words = self.told.words or ("", "")
        quoted = " ".join(part.replace("{unsubscribe}", "").strip() for part in words if part)
        said = self._say("quoted", words=quoted) if quoted else self._say("a message")
        word = STATES.get(newest["state"], "not sent")
        return self._say(word, at=self._at(newest["time"]), by=self._by(), what=said)

    def _by(self) -> str:
        """Return by what it came, in words: as the channel states of itself."""
        channels = [one for one in self.programme.of(Channel) if one.name == self.told.touch["channel"]]
        message = str(channels[0].facts().get("message", "")) if channels else ""
        return BY[self.tongue].get(message, "")

    def _waited(self) -> Iterator[str]:
        """Say why it waited, or did not go out."""
        state = self.told.receipts[-1]["state"]
        word = "it waits" if state == "held" else "it waited" if state in {*_GONE, "queued"} else "it did not go"
        rules = [one.rule for one in self.told.rulings if one.since is not None]
        for rule in dict.fromkeys(rules):
            reason = STOPPED[self.tongue].get(rule, STOPPED[self.tongue][""])
            yield self._say(word, reason=reason)

    def _why(self) -> Iterator[str]:
        if self.told.touch["edition"] > self.told.campaign.get("edition", 1):
            yield self._say("again")
        for row in self.told.started[:1]:
            did = DID[self.tongue].get(row["type"], DID[self.tongue][""])
            yield self._say("started", did=did, at=self._at(row["time"]))
        if not self.told.started and not self.told.conditions:
            yield self._say("everybody")
        if self.told.touch["offer"]:
            yield self._say("offer")

    def _known(self) -> Iterator[str]:
        """Say what was gone by: what the member told, what they did, and that it was put together."""
        names = {name for one in self.told.conditions for name in one.values}
        counted = {self.programme.features[name].event for name in names & self.programme.features.keys()}
        names -= {f"{kind}:{event}" for kind in ("did", "last") for event in counted}
        parts = list(dict.fromkeys(self._part(name) for name in sorted(names)))
        if parts:
            yield self._say("gone by", what=self._say("and").join(parts))

    def _part(self, name: str) -> str:
        kind, _, rest = name.rpartition(":")
        did = DID[self.tongue]
        if kind in {"did", "last"}:
            return self._say("whether", did=did.get(rest, did[""]))
        if kind:
            return self._say("grouped")
        if name in self.programme.features:
            event = self.programme.features[name].event
            return self._say("how often", did=did.get(event, did[""]))
        return self._say("you told", what=self._meaning(name))

    def _meaning(self, name: str) -> str:
        plain: Mapping[str, Any] = self.programme.attributes
        value = self.told.attributes.get(name)
        hidden = name in plain and plain[name].sensitivity == "sensitive"
        return name if hidden or value is None else f"{name}: {value}"

    def _consent(self) -> Iterator[str]:
        """Say what they had said of such messages when it was decided."""
        touch = self.told.touch
        for row in reversed(self.told.consents):
            mine = row["channel"] in {touch["channel"], "*"} and row["purpose"] in {touch["purpose"], "*"}
            if mine and row["state"] in {"granted", "withdrawn"}:
                yield self._say(row["state"], at=self._at(row["time"]))
                return
        if touch["purpose"] == "marketing" and "consent" not in {one["rule"] for one in self.told.receipts}:
            yield self._say("unsaid")

    def _stop(self) -> Iterator[str]:
        words = self.programme.consent.words
        if words:
            # The one that the message itself names, if it does.
            text = " ".join(self.told.words or ())
            named = [word for word in sorted(words, key=len, reverse=True) if word in text]
            yield self._say("stop by word", word=(named or [words[0 if self.tongue == "en" else -1]])[0])
        if self.page:
            yield self._say("stop by page", page=self.page)
        yield self._say("stop by us")
