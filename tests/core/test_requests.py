from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from siyu.kinds import Answer, Batch, Entry, Request

if TYPE_CHECKING:
    from siyu.kinds import Frame, Intake


def test_an_entry_without_a_door_answers_that_it_is_not_there() -> None:
    answer = Entry(name="till").receive(Request(method="POST", body=b"{}", now=0), cast("Intake", None))
    assert (answer.status, answer.body, answer.batches) == (404, b"", ())


@pytest.mark.parametrize("status", [400, 401, 413, 503])
def test_a_refusal_can_keep_nothing(status: int) -> None:
    batch = Batch(rows=cast("Frame", None))
    with pytest.raises(ValueError, match="keeps nothing"):
        Answer(status=status, batches=(batch,))
    with pytest.raises(ValueError, match="keeps nothing"):
        Answer(status=status, messages=(1,))
    assert Answer(status=200, batches=(batch,)).batches == (batch,)


def test_a_request_shows_no_body_in_messages() -> None:
    assert "secret" not in repr(Request(method="POST", body=b"secret", now=0))
