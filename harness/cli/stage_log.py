"""The stage log of a cascade that was not started by the run: what of it belongs to the run."""

from pathlib import Path

from harness.errors import BadInput
from harness.recording import encode_lines, files, read_run, read_stages, replace_file


def adopt_stages(log: Path, run: Path) -> None:
    """Copy the responses of a run's sessions from a stage log into the run's folder.

    Args:
        log: The cascade's log, also one that has other runs in it.
        run: The run's folder; what it had of a stage log is replaced.

    Raises:
        BadInput: The log cannot be read, or has none of these sessions.
    """
    if not log.is_file():
        raise BadInput("there is no such stage log", where=str(log))
    sessions = {one.provider_session_id for one in read_run(run).sessions}
    kept = [record for record in read_stages(log) if record.session_id in sessions]
    if not kept:
        raise BadInput(
            f"has no response of the sessions of {run}",
            where=str(log),
            hint="Give the log that the cascade wrote during the run",
        )
    replace_file(run / files.STAGES, encode_lines(kept))
