"""A brand that crashes on the way, and is opened again: what was asked is asked once more, as a client would."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal, cast
from unittest.mock import patch

from attrs import define, field
from hypothesis import strategies as st
from tests.brands import opened

from siyu.brand import Brand
from siyu.stores.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siyu.stores.writing import Writer

__all__ = ["Crash", "CrashError", "crashes", "crashing"]

Crash = Literal["none", "before", "after", "opened"]
"""How a call goes: well; all that was decided is lost; it is kept, and the answer is lost; over a store opened anew."""

_CALLS = ("claim", "claims", "ingest", "run", "tick")


class CrashError(Exception):
    """The machine stops here."""


def crashes() -> st.SearchStrategy[list[Crash]]:
    """Draw how the calls of a history go, over and over; none of them crashes where nothing is drawn."""
    sorts: list[Crash] = ["none", "before", "after", "opened"]
    return st.lists(st.sampled_from(sorts), max_size=7)


@contextmanager
def crashing(path: Path, ways: Sequence[Crash], **more: Any) -> Iterator[Brand]:  # noqa: ANN401 - what open takes
    """Open a brand whose calls crash; one that never does has its store in memory, others have it in a file."""
    with TemporaryDirectory() as scratch:
        store = str(Path(scratch) / "store.duckdb") if any(way != "none" for way in ways) else ":memory:"
        frail = _Frail(lambda: opened(path, **{"store": store, **more}), ways or ["none"])
        try:
            yield cast("Brand", frail)
        finally:
            frail.brand.close()


@define
class _Frail:
    """Hands on what it is asked to a brand that comes and goes."""

    opens: Callable[[], Brand]
    ways: Sequence[Crash]
    brand: Brand = field(init=False)
    calls: int = 0

    def __attrs_post_init__(self) -> None:
        self.brand = self.opens()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what the brand has
        return self._asked(name) if name in _CALLS else getattr(self.brand, name)

    def _asked(self, name: str) -> Callable[..., object]:
        def call(*given: object, **named: object) -> object:
            way = self.ways[self.calls % len(self.ways)]
            self.calls += 1
            if way != "none":
                if way != "opened":
                    self._crashed(name, way, *given, **named)
                self.brand.close()
                self.brand = self.opens()
            return getattr(self.brand, name)(*given, **named)

        return call

    def _crashed(self, name: str, way: Crash, *given: object, **named: object) -> None:
        """Let a call fail around its first commit; one that has nothing to commit goes well."""
        whole = Session.writing

        @contextmanager
        def writing(session: Session, run: int, *, keep: bool = True) -> Iterator[Writer]:
            with whole(session, run, keep=keep) as writer:
                yield writer
                if way == "before":
                    raise CrashError
            raise CrashError

        try:
            with patch.object(Session, "writing", writing):
                getattr(self.brand, name)(*given, **named)
        except CrashError:
            return
