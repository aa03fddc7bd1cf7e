"""A run under Locust against a simulator of its own, held to its end."""

import tempfile
from pathlib import Path

from harness.bench.child_process import Child
from harness.bench.locust_run import SCENARIO, LocustRun
from harness.model import Run, TruthRecord
from harness.recording import files, read_run, read_truth

_RUN_LIMIT_S = 240.0


def hold(
    rules: str,
    callers: int,
    *,
    dialogue: str = "",
    options: tuple[str, ...] = (),
    path: str = "",
    scenario: Path = SCENARIO,
) -> tuple[Run, tuple[TruthRecord, ...]]:
    """Hold a run whose end its options name, and return its records beside the truth.

    Args:
        rules: The simulator's configuration.
        callers: How many callers.
        dialogue: What they say; empty for the scenario's own.
        options: Further words of the command line.
        path: Where the simulator serves the callers; empty for the dialect's own.
        scenario: Its file, by default the one that the dialogue is put into.

    Raises:
        RuntimeError: It held no calls, or did not end in time; the message holds what it said last.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        run, config, script = folder / "run", folder / "simulator.toml", folder / "said.toml"
        run.mkdir()
        config.write_text(rules, encoding="utf-8")
        words = ["--corpus", "synthetic", "--simulated", *options]
        if dialogue:
            script.write_text(f'name = "selfcheck"\n{dialogue}', encoding="utf-8")
            words += ["--dialogue", str(script)]
        serve = ("harness", "simulator", "--port", "0", "--exit-with-stdin")
        with Child(*serve, "--config", str(config), "--truth", str(run / files.TRUTH)) as simulator:
            held = LocustRun(
                simulator.address() + path,
                callers,
                ramp_s=max(1.0, callers / 10),
                folder=run,
                options=words,
                scenario=scenario,
            )
            with held:
                held.finish(_RUN_LIMIT_S)
        return read_run(run), read_truth(run)
