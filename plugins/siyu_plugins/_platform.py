"""What a platform is that is called: its address, its token, its codes, and how patient one is with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from attrs import field, frozen

from siyu.errors import UserError

__all__ = ["Fate", "Platform", "PlatformError"]

Fate: TypeAlias = Literal["final", "later", "limited", "broken", "unknown"]
"""What a failed call means: refused for good; to be tried later; called too often; nobody can be reached there, or
nobody is let in; or nobody knows whether it was done."""


class PlatformError(UserError):
    """A platform refused a call, or could not be reached.

    Attributes:
        code: The platform's own number for it; None where there was no answer with one.
        fate: What it means for what was to be done.
        wait: After how many seconds one may call again, where the platform says it.
    """

    def __init__(self, message: str, code: int | None = None, fate: Fate = "final", wait: float | None = None) -> None:
        """Keep what is known; the message must name no secret."""
        super().__init__(message)
        self.code = code
        self.fate = fate
        self.wait = wait


@frozen(kw_only=True)
class Platform:
    """What is special of a platform.

    Attributes:
        name: Its name, for messages.
        base: The address that all paths start from.
        ask: What to ask for a token: the path, and what stands in the address besides.
        tells: Whether the latter is posted as an object instead, so that no address has the secret.
        stale: The codes that mean that a token holds no more.
        busy: The codes after which a call may be repeated soon.
        blocked: The codes that mean that one called too often: for ``block`` seconds nothing else is answered.
        broken: The codes that mean that no call gets through, whatever it asks: a bad secret, a missing right.
        hints: What to do about a code.
        block: How long that lasts.
        wait: The seconds before the first repetition; each further wait is twice as long.
        attempts: How often a call is made at most.
        timeout: After how many seconds a call is given up.
    """

    name: str
    base: str
    ask: Callable[[], tuple[str, Mapping[str, str]]] = field(repr=False)
    tells: bool = False
    stale: frozenset[int] = frozenset()
    busy: frozenset[int] = frozenset()
    blocked: frozenset[int] = frozenset()
    broken: frozenset[int] = frozenset()
    hints: Mapping[int, str] = field(factory=dict)
    block: float = 60.0
    wait: float = 1.0
    attempts: int = 4
    timeout: float = 30.0
