"""`harness dialects`: which APIs can be measured, and what each of them cannot report."""

import click

from harness.dialects import DIALECTS, Dialect, Role

_ROLES = {
    Role.CLIENT: "harness is the client of the API",
    Role.CARRIER: "harness is the carrier that calls an application",
}
# What a fact of a dialect makes of the report, where it is not so.
_UNREPORTED = (
    ("reports_endpoint", "endpoint delay and response delay"),
    ("announces_responses", "when a response begins: at its first audio or text"),
    ("ends_responses", "when a response ends: 2 s after its last sound"),
    ("acknowledges_settings", "which settings it took"),
    ("calls_tools", "tool calls"),
    ("reports_usage", "tokens, so that cost is unknown"),
)


@click.command("dialects")
def command() -> None:
    """List the dialects, and what each of them does not report."""
    for name, make in DIALECTS.items():
        click.echo("\n".join(_described(name, make())))


def _described(name: str, dialect: Dialect) -> list[str]:
    facts, audio = dialect.facts, dialect.audio
    unreported = [words for fact, words in _UNREPORTED if not getattr(facts, fact)]
    carried = "text" if facts.in_text else f"{audio.encoding} at {audio.rate_hz:,} Hz"
    lines = [
        f"{name}",
        f"  {_ROLES[facts.role]}; {carried}".replace(",", " "),
        f"  source: {facts.source}, as of {facts.as_of}",
    ]
    return lines + [f"  not reported: {words}" for words in unreported]
