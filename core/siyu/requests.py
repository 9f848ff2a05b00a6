"""What a web framework hands to an entry, and what it gets back: plain values, so that any framework can host one."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from siyu.intake import Batch

__all__ = ["Answer", "Request"]

_REFUSED = 400


@frozen(kw_only=True)
class Request:
    """A request as it came, and when.

    Attributes:
        method: ``GET``, ``POST`` and the like, in capitals.
        path: The path below the entry's own address.
        query: The query's parameters, decoded; of several with one name the last.
        headers: By name, in lower case; of several with one name all, parted by commas.
        body: The body, as its bytes came.
        now: When it came, in epoch seconds: an entry reads no clock.
    """

    method: str
    path: str = "/"
    query: Mapping[str, str] = field(factory=dict)
    headers: Mapping[str, str] = field(factory=dict)
    body: bytes = field(default=b"", repr=False)
    now: int


@frozen(kw_only=True)
class Answer:
    """What is answered, and what is kept before it is.

    Attributes:
        status: 200 taken; 400 malformed; 401 forged or stale; 403 for another receiver; 404 no such entry or path;
            405 not by that method; 408 too slow; 413 too large; 503 could not be kept.
        body: What the caller reads.
        headers: By name, in lower case.
        batches: The rows to keep. A refusal, which is any status of 400 or more, has none.
        messages: What ``Entry.mapped`` makes rows of, together with the messages of other requests: in place of
            ``batches``, for an entry that many requests come to at once.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(factory=dict)
    batches: tuple[Batch, ...] = field(default=())
    messages: tuple[object, ...] = field(default=(), repr=False)

    @batches.validator
    @messages.validator
    def _check_kept(self, _: object, value: tuple[object, ...]) -> None:
        if value and self.status >= _REFUSED:
            raise ValueError(f"a refusal keeps nothing, so an answer of status {self.status} can have no rows")
