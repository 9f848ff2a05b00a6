"""What a provider's answer means, by its HTTP status and by a code in its body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import Attribute, field, frozen

from siyu.kinds import doc
from siyu_plugins._calls import parsed
from siyu_plugins._platform import PlatformError

if TYPE_CHECKING:
    from siyu_plugins._calls import Reply
    from siyu_plugins._platform import Fate

__all__ = ["Answers"]

_SHOWN = 200
_FINE = range(200, 300)
_UNSURE = range(500, 600)
_FATES: dict[int, Fate] = {401: "broken", 403: "broken", 408: "unknown", 429: "limited", 503: "later"}


@frozen(kw_only=True)
class Answers:
    """Where an answer says what became of the message, and what its codes mean; all others are final refusals."""

    code: str = field(
        default="", metadata=doc("the path of the code; the HTTP status alone by default", example="code")
    )
    accepted: tuple[str, ...] = field(default=(), metadata=doc("the codes of what was taken", example=["0", "OK"]))
    later: tuple[str, ...] = field(default=(), metadata=doc("those to try again after", example=["SYSTEM_BUSY"]))
    limited: tuple[str, ...] = field(default=(), metadata=doc("those of too many calls", example=["LIMIT_CONTROL"]))
    broken: tuple[str, ...] = field(
        default=(), metadata=doc("those after which no message gets through", example=["OUT_OF_BALANCE"])
    )
    id: str = field(default="", metadata=doc("the path of the provider's own id of the message", example="data.id"))
    reason: str = field(default="", metadata=doc("the path of the words that say why", example="message"))

    @accepted.validator
    def _check_accepted(self, _: Attribute[Any], value: tuple[str, ...]) -> None:
        if bool(value) != bool(self.code):
            raise ValueError("expected both 'code', where the code stands, and 'accepted', those of what was taken")

    def judged(self, what: str, reply: Reply, *, repeats: bool) -> str:
        """Return the provider's id of what it took.

        Args:
            what: What was called, for messages.
            reply: What it answered.
            repeats: Whether the provider takes the same message only once, so that it may be sent again when in doubt.

        Raises:
            PlatformError: It was not taken, or nobody knows.
        """
        doubt: Fate = "later" if repeats else "unknown"
        if reply.status not in _FINE:
            fate = _FATES.get(reply.status, doubt if reply.status in _UNSURE else "final")
            raise PlatformError(f"{what}: HTTP status {reply.status}", None, fate, reply.wait)
        answer = parsed(reply.content)
        if answer is None and (self.code or self.id):
            raise PlatformError(f"{what}: the answer is no JSON object", None, doubt)
        code = _at(answer, self.code) if self.code else ""
        if self.code and code not in self.accepted:
            said = f": {_at(answer, self.reason)[:_SHOWN]}" if self.reason else ""
            raise PlatformError(f"{what}: refused with {code}{said}", None, self._fate(code), reply.wait)
        return _at(answer, self.id) if self.id else ""

    def _fate(self, code: str) -> Fate:
        fates: dict[Fate, tuple[str, ...]] = {"later": self.later, "limited": self.limited, "broken": self.broken}
        return next((fate for fate, codes in fates.items() if code in codes), "final")


def _at(answer: Any, path: str) -> str:  # noqa: ANN401 - what JSON holds
    """Return what stands at a path such as ``data.0.id``, as text; empty where nothing does."""
    for key in path.split("."):
        if isinstance(answer, list) and key.isdigit() and int(key) < len(answer):
            answer = answer[int(key)]
        else:
            answer = answer.get(key) if isinstance(answer, dict) else None
    return "" if answer is None else str(answer)
