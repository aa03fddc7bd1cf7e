"""`harness init`: a small project to begin with."""

from pathlib import Path

import click

from harness.errors import BadInput, ExitCode

_PROJECT = Path(__file__).with_name("project")
# Where each file of the project goes, and what it is.
_FILES = {
    "scenario.template": ("scenario.py", "what callers do"),
    "slo.toml": ("slo.toml", "what a run has to meet"),
    "harness.toml": ("harness.toml", "targets by name"),
    "latency.yml": (".github/workflows/latency.yml", "a CI job that runs and judges"),
}


@click.command(name="init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
def command(folder: Path) -> int:
    """Write a small project into FOLDER: scenario, objectives, targets and a CI workflow.

    Nothing that is there already is changed.
    """
    places = {folder / place: _PROJECT / name for name, (place, _) in _FILES.items()}
    there = [str(path) for path in places if path.exists()]
    if there:
        raise BadInput(
            "would be overwritten", where=", ".join(there), hint="Choose another folder, or move it"
        )
    try:
        for path, source in places.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(source.read_bytes())
    except OSError as error:
        raise BadInput(f"cannot be written ({type(error).__name__})", where=str(folder)) from error
    for place, words in _FILES.values():
        click.echo(f"{folder / place!s:<32}  {words}")
    enter = "" if folder == Path() else f"cd {folder} && "
    click.echo(f"\nNext: {enter}harness run scenario.py --users 10 --calls 60")
    click.echo("against a simulated API; then --host openai for a real one, and")
    click.echo("harness gate reports/… --slo slo.toml, harness cost reports/…")
    return ExitCode.PASS
