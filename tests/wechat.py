"""WeChat as a real server plays it: a stable token, and messages that are taken or refused with a code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define, field

if TYPE_CHECKING:
    from tests.loopback import Call

__all__ = ["SECRET", "WeChat"]

SECRET = "s3cr3t"  # noqa: S105 - what no receipt may show


@define
class WeChat:
    """What the platform does; ``call`` answers.

    Attributes:
        answers: What messages are answered with, one after the other; then they are taken.
        tokens: How many tokens were given out; only the last one holds.
        taken: What was taken, by path and body.
    """

    answers: list[Any] = field(factory=list)
    tokens: int = 1
    taken: list[tuple[str, Any]] = field(factory=list)

    def call(self, call: Call) -> Any:  # noqa: ANN401 - see loopback
        """Answer a call."""
        if call.path == "stable_token":
            assert call.method == "POST"
            assert call.body == {"grant_type": "client_credential", "appid": "wx1", "secret": SECRET}
            return {"access_token": f"T{self.tokens}", "expires_in": 7200}
        if call.query.get("access_token") != f"T{self.tokens}":
            return {"errcode": 40001, "errmsg": "invalid credential"}
        found = self.answers.pop(0) if self.answers else None
        if found is not None:
            return found
        self.taken.append((call.path, call.body))
        return {"errcode": 0, "errmsg": "ok", "msgid": 100 + len(self.taken)}
