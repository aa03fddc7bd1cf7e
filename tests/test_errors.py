from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput, ExitCode, Fault, HarnessError, Party, Phase, sanitised


@given(st.text())
def test_foreign_text_becomes_one_bounded_line(text: str) -> None:
    line = sanitised(text)
    assert len(line) <= 300
    assert len(line.splitlines()) <= 1


def test_control_characters_do_not_reach_a_terminal() -> None:
    assert "\x1b" not in sanitised("\x1b[31mred\x1b[0m\x07")


def test_what_looks_like_a_key_is_redacted() -> None:
    for text in (
        "Incorrect API key provided: sk-proj-abcdef123456",
        "ek_0123456789abcdef",
        "Authorization: Bearer abc.def.ghi",
    ):
        clean = sanitised(text)
        assert "[redacted]" in clean
        assert "abcdef" not in clean
        assert "abc.def" not in clean


def test_an_error_says_where_what_and_how_to_mend_it() -> None:
    error = BadInput("is not TOML", where="slo.toml", hint="Check line 3")
    assert str(error) == "slo.toml: is not TOML. Check line 3"
    assert error.exit_code is ExitCode.BAD_INPUT
    assert isinstance(error, HarnessError)


def test_a_fault_bounds_what_it_was_told() -> None:
    fault = Fault(Party.THEIRS, Phase.RESPONSE, "c" * 500, "x\n" * 500)
    assert len(fault.code) <= 80
    assert len(fault.detail) <= 300
    assert "\n" not in str(fault)
