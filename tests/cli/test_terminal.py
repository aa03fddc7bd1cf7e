import pytest

from harness.cli.terminal import TerminalProgress

LONG = "left out recordings/of/somebody/with/a/long/name.wav: " + "its reason " * 12


@pytest.mark.parametrize("terminal", [False, True])
def test_a_long_line_is_shown_to_its_end(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
    with TerminalProgress() as progress:
        progress.step("reading", "clips")
        progress.advance(1, 2)
        progress.step(LONG)
        progress.advance(1, 2)
    assert LONG.strip() in capsys.readouterr().err
