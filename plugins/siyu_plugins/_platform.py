"""What a platform is that is called: its address, its token, its codes, and how patient one is with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import field, frozen

from siyu.errors import UserError

__all__ = ["Platform", "PlatformError"]


class PlatformError(UserError):
    """A platform refused a call, or could not be reached.

    Attributes:
        code: The platform's own number for it; None where there was no answer with one.
    """

    def __init__(self, message: str, code: int | None = None) -> None:
        """Keep the code; the message must name no secret."""
        super().__init__(message)
        self.code = code


@frozen(kw_only=True)
class Platform:
    """What is special of a platform.

    Attributes:
        name: Its name, for messages.
        base: The address that all paths start from.
        ask: What to ask for a token: the path, and what stands in the address besides.
        stale: The codes that mean that a token holds no more.
        busy: The codes after which a call may be repeated soon.
        blocked: The codes that mean that one called too often: for ``block`` seconds nothing else is answered.
        hints: What to do about a code.
        block: How long that lasts.
        wait: The seconds before the first repetition; each further wait is twice as long.
        attempts: How often a call is made at most.
        timeout: After how many seconds a call is given up.
    """

    name: str
    base: str
    ask: Callable[[], tuple[str, Mapping[str, str]]] = field(repr=False)
    stale: frozenset[int] = frozenset()
    busy: frozenset[int] = frozenset()
    blocked: frozenset[int] = frozenset()
    hints: Mapping[int, str] = field(factory=dict)
    block: float = 60.0
    wait: float = 1.0
    attempts: int = 4
    timeout: float = 30.0
