from __future__ import annotations

import pytest

from siyu.config.expressions import Condition, ExpressionError, Names, ordered

NAMES = Names(
    columns={
        "spend_90d": "money",
        "orders_90d": "integer",
        "rate": "real",
        "entry": "text",
        "joined": "day",
        "subscriber": "flag",
        "顾客": "integer",
    },
    tags={"vip"},
    segments={"loyal"},
    events={"ordered", "joined"},
)


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("spend_90d >= '500.00' and orders_90d >= 3", {"spend_90d", "orders_90d"}),
        ("tag('vip') or segment(\"loyal\")", {"tag:vip", "segment:loyal"}),
        ("did('ordered') and not never('joined')", {"did:ordered", "did:joined"}),
        ("days_since('ordered') > 60", {"last:ordered"}),
        ("today - joined < 30", {"joined"}),
        ("1 < orders_90d <= 3", {"orders_90d"}),
        ("entry in ['wecom', 'shop']", {"entry"}),
        ("entry not in ('wecom', 'shop')", {"entry"}),
        ("\n  subscriber\n  and true\n", {"subscriber"}),
        ("subscriber == false", {"subscriber"}),
        ("spend_90d / orders_90d > '50.00'", {"spend_90d", "orders_90d"}),
        ("spend_90d + '1.00' > '50.00' * 2 or rate < -0.5", {"spend_90d", "rate"}),
        ("joined >= '2026-01-01'", {"joined"}),
        ("spend_90d in ['5.00', '6']", {"spend_90d"}),
        ("顾客 > 3", {"顾客"}),
    ],
)
def test_what_a_condition_reads(text: str, needs: set[str]) -> None:
    assert Condition.parse(text).needs == needs


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        ("", "empty", ""),
        ("a = 1", "write == instead of =", "="),
        ("a > 1 && b", "write and instead of &&", "&&"),
        ("!a", "write not instead of !", "!"),
        ("a AND b", "write 'and' in small letters", "AND"),
        ("a > 1and b", "put a space between '1' and 'and'", "and"),
        ("a \uff1e 3", "write > instead of \uff1e", "\uff1e"),
        ("a == “x”", 'write " instead of “', "“"),
        ("a == 'x", "a text that is not closed", "'"),
        ("a.b > 1", "unexpected '.'", "."),
        ("a > 1 # note", "unexpected '#'", "#"),
        ("a == 'b\\n'", "a text that is not closed", "'"),
        ("a[0] > 1", "not allowed in a condition", "a[0]"),
        ("a ** 2 > 1", "not allowed in a condition", "a ** 2"),
        ("a is b", "not allowed in a condition", "a is b"),
        ("1 if a else 2", "not allowed in a condition", "1 if a else 2"),
        ("f'{a}' == b", "not allowed in a condition", "f'{a}'"),
        ("b'a' == b", "b'a' is not allowed", "b'a'"),
        ("a == None", "None is not allowed", "None"),
        ("open('x')", "no function 'open'", "open"),
        ("dd('x')", "no function 'dd'", "dd"),
        ("did(x)", "did takes one name as text", "did(x)"),
        ("did('a', 'b')", "did takes one name as text", "did('a', 'b')"),
        ("did(*a)", "did takes one name as text", "did(*a)"),
        ("a in []", "a list holds texts or numbers, and at least one", "[]"),
        ("a in [b]", "a list holds texts or numbers, and at least one", "[b]"),
        ("a in 'abc'", "'in' takes a list", "'abc'"),
        ("a == ['b']", "'in' takes a list", "['b']"),
        ("a in ['b' 'c']", "a comma or an operator is missing", "'c'"),
        ("a < 99999999999999999999", "too large a number", "99999999999999999999"),
        ("a > (1", "not a condition: '(' was never closed", "("),
        ("1 < 2", "the same for every member", "1 < 2"),
        ("today", "the same for every member", "today"),
    ],
)
def test_what_is_no_condition(text: str, message: str, marked: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        Condition.parse(text)
    flaw = raised.value.flaw
    assert flaw.message.startswith(message)
    if marked:
        assert text[flaw.offset :].startswith(marked[:1])
        if flaw.width > 1:
            assert text[flaw.offset : flaw.offset + flaw.width] == marked


def test_a_function_close_to_a_word_is_hinted() -> None:
    with pytest.raises(ExpressionError) as raised:
        Condition.parse("day_since('x') > 1")
    assert raised.value.flaw.hint == "did you mean 'days_since'?"


@pytest.mark.parametrize("text", ["not " * 5_000 + "a", "(" * 5_000 + "a" + ")" * 5_000, "-" * 200 + "a > 1"])
def test_a_bottomless_condition_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        Condition.parse(text)


@pytest.mark.parametrize("value", [3, True, None, ["a"], {}])
def test_only_text_is_a_condition(value: object) -> None:
    with pytest.raises(ValueError, match="expected a condition as text"):
        Condition.parse(value)


@pytest.mark.parametrize(
    ("text", "message", "hint", "marked"),
    [
        ("spend_90 > '5.00'", "no feature or member attribute 'spend_90'", "did you mean 'spend_90d'?", "spend_90"),
        ("顾客 > 3 and spend_90 > '1.00'", "no feature or member attribute", "did you mean 'spend_90d'?", "spend_90"),
        ("tag('vp')", "no tag 'vp'", "did you mean 'vip'?", "'vp'"),
        ("segment('x')", "no segment 'x'", "", "'x'"),
        ("never('orderd')", "no event type 'orderd'", "did you mean 'ordered'?", "'orderd'"),
        ("spend_90d > 500", "spend_90d is money: write '500.00' instead of 500", "", "500"),
        ("2.5 < spend_90d", "spend_90d is money: write '2.50' instead of 2.5", "", "2.5"),
        ("spend_90d > orders_90d", "spend_90d is money, and cannot be compared", "", "orders_90d"),
        ("spend_90d > '5.0'", "expected money as text with 2 decimals", "", "'5.0'"),
        ("spend_90d in ['5.00', '6.0']", "expected money as text", "", "'6.0'"),
        ("entry > 3", "entry is text, and cannot be compared with a whole number", "", "3"),
        ("entry + 1 > 2", "+ does not go with text and a whole number", "", "entry + 1"),
        ("-entry == 'a'", "this is text, so it has no negative", "", "-entry"),
        ("orders_90d", "this is a whole number, not a condition", "", "orders_90d"),
        ("not entry", "this is text, not a condition", "", "entry"),
        ("subscriber and 3", "this is a whole number, not a condition", "", "3"),
        ("subscriber > true", "true and false have no order", "", "true"),
        ("subscriber == 1", "subscriber is true or false, and cannot be compared", "", "1"),
        ("joined > '2026-02-30'", "expected a date, as in '2026-11-11'", "", "'2026-02-30'"),
        ("joined > 3", "joined is a day, and cannot be compared", "", "3"),
        ("joined * 2 > 3", "* does not go with a day and a whole number", "", "joined * 2"),
        ("rate // 2 > 3", "// does not go with a number and a whole number", "", "rate // 2"),
        ("spend_90d * spend_90d > '1.00'", "* does not go with money and money", "", "spend_90d * spend_90d"),
        ("entry in ['a', 3]", "entry is text, and cannot be compared", "", "3"),
    ],
)
def test_what_does_not_go_together(text: str, message: str, hint: str, marked: str) -> None:
    (flaw,) = Condition.parse(text).check(NAMES)
    assert flaw.message.startswith(message)
    assert flaw.hint == hint
    assert text[flaw.offset : flaw.offset + flaw.width] == marked


def test_all_flaws_are_found_in_their_order() -> None:
    flaws = Condition.parse("nobody > 3 and tag('vp') and entry > 3").check(NAMES)
    assert [flaw.offset for flaw in flaws] == [0, 19, 37]


def test_a_flawed_condition_does_not_compile() -> None:
    with pytest.raises(ExpressionError, match=r"is money: write '5.00'"):
        Condition.parse("spend_90d > 5").compile(0, NAMES.columns)


def test_conditions_are_equal_by_their_text() -> None:
    assert Condition.parse("a > 1") == Condition.parse("a > 1")
    assert hash(Condition.parse("a > 1")) == hash(Condition.parse("a > 1"))
    assert Condition.parse("a > 1") != Condition.parse("a > 2")


def test_segments_come_after_those_that_they_name() -> None:
    conditions = {
        "a": Condition.parse("segment('c') and x > 1"),
        "b": Condition.parse("x > 1"),
        "c": Condition.parse("segment('b') or segment('elsewhere')"),
    }
    assert ordered({name: one.needs for name, one in conditions.items()}) == ["b", "c", "a"]


def test_a_circle_of_segments_is_named() -> None:
    conditions = {name: Condition.parse(f"segment('{other}')") for name, other in ("ab", "bc", "cb")}
    with pytest.raises(ValueError, match="a circle: b -> c -> b"):
        ordered({name: one.needs for name, one in conditions.items()})
