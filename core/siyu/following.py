"""What follows on what was pushed: a tick, and the delivery of what it decided, so that an answer takes seconds."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from attrs import define, field

if TYPE_CHECKING:
    from siyu.brand import Brand

__all__ = ["Follower"]

_LOGGER = logging.getLogger("siyu")


@define(eq=False)
class _Turn:
    """Does a piece of work on a thread of its own, once more where it was asked for since it began last.

    Attributes:
        work: The work; its failure is told to the logger ``siyu``, and ends nothing else.
        name: What it is called.
    """

    work: Callable[[], object]
    name: str
    _thread: ThreadPoolExecutor = field(init=False)
    _lock: threading.Lock = field(factory=threading.Lock)
    _asked: bool = False

    def __attrs_post_init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, f"siyu {self.name}")

    def ask(self) -> None:
        with self._lock:
            if not self._asked:
                self._asked = True
                self._thread.submit(self._done)

    def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)

    def _done(self) -> None:
        with self._lock:
            self._asked = False
        try:
            self.work()
        except Exception:
            _LOGGER.exception("the %s after what was pushed failed", self.name)


class Follower:
    """Ticks whenever something was pushed, and then delivers.

    Decisions do not wait for a delivery: one that goes on takes up what is decided meanwhile.
    """

    def __init__(self, brand: Brand) -> None:
        """Follow what a brand is told; nothing begins before ``heard``."""
        self._brand = brand
        self._sends = _Turn(brand.deliver, "delivery")
        self._ticks = _Turn(self._tick, "tick")

    def heard(self) -> None:
        """Note that something was pushed."""
        self._ticks.ask()

    def close(self) -> None:
        """End with what is under way; the brand delivers nothing more."""
        self._ticks.close()
        self._brand.halt()
        self._sends.close()

    def _tick(self) -> None:
        self._brand.tick(send=False)
        self._sends.ask()
