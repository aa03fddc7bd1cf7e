import pytest

from harness.errors import BadInput
from harness.plan import parse_script
from harness.plan.script import DEFAULT_TOOL_TAKES
from harness.plan.tools import Tool


def test_the_tools_of_a_script_are_told_once_each() -> None:
    script = parse_script(
        'name = "x"\n[[turn]]\n[[turn]]\nexpect_tool = "b"\n[[turn]]\nexpect_tool = "a"\n'
        '[[turn]]\nexpect_tool = "b"\n',
        "x",
    )
    assert script.tools == ("b", "a")


def test_what_a_tool_takes_is_the_turns_before_the_scripts_before_ours() -> None:
    turn = '[[turn]]\nexpect_tool = "a"\n'
    head = "tool_takes = { low_ms = 5, high_ms = 6 }\n"
    own = "tool_takes = { low_ms = 7, high_ms = 8 }\n"
    ours = parse_script('name = "x"\n' + turn, "x").turns[0].tool_takes
    first, second = parse_script('name = "x"\n' + head + turn + turn + own, "x").turns
    assert ours == DEFAULT_TOOL_TAKES
    assert (first.tool_takes.low_ms, second.tool_takes.low_ms) == (5, 7)


MOCKS = """
name = "x"
tool_takes = { low_ms = 5, high_ms = 6 }
[[tool]]
name = "pay"
result = { paid = true, at = [1, "two"] }
takes = { median_ms = 300, sigma = 0.5 }
fails = 0.25
failure = "no money"
hangs = 0.25
time_out_ms = 2000
timed_out = { error = "slow" }
[[tool]]
name = "menu"
[[turn]]
expect_tool = "book"
"""


def test_a_script_describes_tools_that_fail_and_hang_as_a_scenario_does() -> None:
    script = parse_script(MOCKS, "x")
    pay, menu = script.mocks
    assert pay == Tool(
        "pay",
        {"paid": True, "at": [1, "two"]},
        takes={"median_ms": 300, "sigma": 0.5},
        fails=0.25,
        failure="no money",
        hangs=0.25,
        time_out_ms=2000,
        timed_out={"error": "slow"},
    )
    assert menu == Tool("menu", takes={"low_ms": 5, "high_ms": 6})
    assert script.tools == ("pay", "menu", "book")
    alone = parse_script('name = "x"\n[[tool]]\nname = "a"\n[[turn]]\n', "x").mocks[0]
    assert alone.span() == DEFAULT_TOOL_TAKES


@pytest.mark.parametrize(
    ("tool", "why"),
    [
        ('nom = "a"', "x, tool 1: is no table with a name"),
        ('name = "a"\nfalls = 1', "x, tool 1: not understood: falls"),
        ('name = "a"\nfails = 2', "x, Tool a: fails is a share"),
        ('name = "a"\nfails = 0.6\nhangs = 0.6', "x, Tool a: fails and hangs are more"),
        ('name = "a"\ntakes = 3', "x, Tool a, takes: is no length of time"),
        ('name = "a"\ntakes = { low_ms = 1 }', "x, Tool a, takes: needs low_ms"),
        ('name = "a"\nresult = 2026-01-02', "x, Tool a: a result is no JSON"),
        ('name = "a b"', "cannot be the name of a tool"),
        ('name = "a"\n[[tool]]\nname = "a"', "x, tool 2: a is described twice"),
        (
            'name = "a"\n[[turn]]\nexpect_tool = "a"\ntool_takes = { low_ms = 1, high_ms = 2 }',
            "x, turn 1, tool_takes: says nothing to a, which the script describes",
        ),
    ],
)
def test_a_tool_that_cannot_be_is_refused_by_its_place(tool: str, why: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_script(f'name = "x"\n[[tool]]\n{tool}\n[[turn]]\n', "x")
    assert why in str(refused.value)


def test_words_and_a_time_may_be_expected_of_the_agent() -> None:
    text = 'name = "x"\n[[turn]]\nexpect_words = "hello"\n[[turn]]\nexpect_words = ["a", "b"]\n'
    first, second = parse_script(text + "expect_within_ms = 900", "x").turns
    assert (first.expect_words, first.expect_within_ms) == (("hello",), None)
    assert (second.expect_words, second.expect_within_ms) == (("a", "b"), 900)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('name = "x"\n[[turn]]\nexpect_words = 3', "neither a text nor a list of texts"),
        ('name = "x"\n[[turn]]\nexpect_words = [""]', "neither a text nor a list of texts"),
        ("name =", "no TOML"),
        ('name = "x"', "from 1 to"),
        ("[[turn]]\n", "needs a name"),
        ('name = "x"\n[[turn]]\nrepeat = 501', "from 1 to"),
        ('name = "x"\n[[turn]]\nrepeat = 0', "counts"),
        ('name = "x"\n[[turn]]\nrepeat = true', "repeat is not int"),
        ('name = "x"\n[[turn]]\nsay = "hello"', "say is not dict"),
        ('name = "x"\n[[turn]]\nshout = 1', "turn 1: not understood: shout"),
        ('name = "x"\n[[turn]]\nsay = { word = "x" }', "not understood: word"),
        (
            'name = "x"\n[[turn]]\nthink = { low_ms = 9, high_ms = 3 }',
            "turn 1, think: needs low_ms",
        ),
        ('name = "x"\n[[turn]]\nthink = { low_ms = -1, high_ms = 3 }', "low_ms is not a number"),
        ('name = "x"\n[[turn]]\nbarge_in = { median_ms = 9 }', "needs low_ms"),
        ('name = "x"\n[[turn]]\nbarge_in = { low_ms=1, high_ms=2, chance = 2 }', "chance is not"),
        ('name = "x"\nturn = [1]', "is no table"),
        ('name = "x"\n[[turn]]\nsay = { digits = "1,2" }', "turn 1, say: digits are 1 to 64 keys"),
        ('name = "x"\n[[turn]]\nsay = { digits = "1", id = "u" }', "nothing else is said"),
        (
            'name = "x"\n[[turn]]\nsay = { digits = "1" }\nhesitation = {low_ms=1, high_ms=2}',
            "keys have no hesitation",
        ),
        ('name = "x"\n[[turn]]\nexpect_tool = "book a table"', "turn 1, expect_tool: book a table"),
    ],
)
def test_what_is_no_script_is_refused_with_its_place(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        parse_script(text, "x.toml")
