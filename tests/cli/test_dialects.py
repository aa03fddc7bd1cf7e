from click.testing import CliRunner

from harness.cli.dialects import command
from harness.dialects import DIALECTS


def test_every_dialect_is_listed_with_its_source_and_what_it_does_not_tell() -> None:
    shown = CliRunner().invoke(command).output
    for name, make in DIALECTS.items():
        assert f"{name}\n" in shown
        assert make().facts.source in shown
    of_openai, of_gemini = shown.split("gemini\n")[0], shown.split("gemini\n")[1]
    assert "not reported" not in of_openai
    assert of_gemini.index("not reported: endpoint delay") < of_gemini.index("deepgram\n")
