from __future__ import annotations

import gc

import pytest

from siyu.delivery.answers import Answers
from siyu.kinds import Receipt

FINAL = Receipt(1, "sent", provider_id="p1")
NAMELESS = Receipt(2, "failed", "no such number")
AGAIN = Receipt(3, "failed", "busy", again="later", wait=2.0)
ODD = Receipt(4, "flown")


@pytest.fixture
def answers() -> Answers:
    made = Answers()
    for receipt in (FINAL, NAMELESS, AGAIN, ODD):
        made.add(receipt.touch, receipt)
    return made


def test_what_may_be_tried_again_or_is_in_no_state_is_open(answers: Answers) -> None:
    assert answers.final == [(1, "sent", "", "p1"), (2, "failed", "no such number", None)]
    assert answers.open == {3: AGAIN, 4: ODD}


def test_all_answers_are_counted_and_told(answers: Answers) -> None:
    assert len(answers) == 4
    assert answers.receipts() == {1: FINAL, 2: NAMELESS, 3: AGAIN, 4: ODD}
    assert answers.without([5, 1, 3, 6]) == [5, 6]
    assert not Answers()


def test_the_garbage_collector_leaves_out_what_is_final(answers: Answers) -> None:
    gc.collect()
    assert not any(gc.is_tracked(verdict) for verdict in answers.final)
