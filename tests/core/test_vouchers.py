from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.errors import UserError
from siyu.vouchers import ALPHABET, MOST, Vouchers, label

KEY = "0123456789abcdef" * 4
MADE = Vouchers(KEY, label("coupon", "card"))
NUMBERS = st.integers(0, MOST - 1)


def code(number: int) -> str:
    (made,) = MADE.codes(range(number, number + 1))
    return made


@given(number=NUMBERS)
def test_a_code_tells_its_number_however_it_is_typed(number: int) -> None:
    made = code(number)
    assert [MADE.number(text) for text in (made, made.lower(), made.replace("-", ""), f" {made} ")] == [number] * 4


@given(number=NUMBERS, place=st.integers(0, 15), letter=st.sampled_from(ALPHABET))
def test_one_wrong_letter_makes_it_none(number: int, place: int, letter: str) -> None:
    letters = list(code(number).replace("-", ""))
    right = letters[place]
    letters[place] = letter
    assert MADE.number("".join(letters)) == (number if letter == right else None)


@given(text=st.text(alphabet=ALPHABET, min_size=16, max_size=16))
def test_made_up_codes_are_none(text: str) -> None:
    assert MADE.number(text) is None


@given(text=st.text(max_size=24))
def test_whatever_is_typed_is_no_code_and_no_error(text: str) -> None:
    assert MADE.number(text) is None


def test_codes_never_collide_and_do_not_show_their_order() -> None:
    made = list(MADE.codes(range(50_000)))
    assert len(set(made)) == 50_000
    assert made != sorted(made)
    # The codes of neighbours have no more letters in common than chance gives.
    alike = sum(a == b for one, other in pairwise(made) for a, b in zip(one, other, strict=True))
    assert alike / 50_000 - 3 == pytest.approx(16 / len(ALPHABET), abs=0.1)


def test_codes_are_cut_anywhere_alike() -> None:
    whole = list(MADE.codes(range(25_000)))
    assert [*MADE.codes(range(9_999)), *MADE.codes(range(9_999, 25_000))] == whole
    assert list(MADE.codes(range(0))) == []


@pytest.mark.parametrize(("key", "about"), [("f" * 64, ("coupon", "card")), (KEY, ("coupon", "new-10"))])
def test_codes_of_another_key_or_item_are_none(key: str, about: tuple[str, str]) -> None:
    other = Vouchers(key, label(*about))
    assert all(other.number(one) is None for one in MADE.codes(range(500)))


def test_no_two_items_share_a_label() -> None:
    assert label("a/b", "c") != label("a", "b/c")


@pytest.mark.parametrize("numbers", [range(-1, 3), range(MOST - 1, MOST + 1)])
def test_a_number_that_no_code_holds_is_refused(numbers: range) -> None:
    with pytest.raises(UserError, match=f"codes have numbers from 0 to {MOST - 1}"):
        list(MADE.codes(numbers))
