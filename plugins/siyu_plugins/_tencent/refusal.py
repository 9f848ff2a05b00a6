"""Why a callback is not taken."""

from __future__ import annotations

from siyu.kinds import Answer

__all__ = ["PLAIN", "Refusal"]

PLAIN = {"content-type": "text/plain"}
"""The headers of an answer: what it repeats of a request is never taken for a page."""


class Refusal(Exception):  # noqa: N818 - it is an answer, not an error
    """A callback that is refused, with the status that says why: see ``siyu.kinds.Answer``.

    The words go to the caller, so they tell nothing that he does not know.
    """

    def __init__(self, status: int, words: str) -> None:
        """Keep the status and the words."""
        super().__init__(words)
        self.status = status

    @property
    def answer(self) -> Answer:
        """The answer that refuses and keeps nothing."""
        return Answer(status=self.status, body=str(self).encode(), headers=PLAIN)
