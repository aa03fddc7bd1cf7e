"""Locust as `harness run` starts it: only this run's own settings count.

Settings in `locust.conf`, `~/.locust.conf`, `pyproject.toml` or `LOCUST_…` variables would change
users, run time and user classes of any run that is started next to them. With
plain `locust -f` they are the user's own; a run that names everything itself does not read them.
"""

import sys
import traceback
from collections.abc import Callable
from typing import Any

from locust import argument_parser, events, main

from harness.errors import ExitCode, HarnessError, redacted


def run_locust(locust_main: Callable[[], Any]) -> int:
    """Run Locust to its end and return the exit code.

    Args:
        locust_main: Locust's own main function, which reads `sys.argv`.

    Returns:
        The code of the run; bad input where Locust ended before a run began.
    """
    started: list[bool] = []
    events.test_start.add_listener(lambda **_: started.append(True))
    _forget_default_files()
    try:
        locust_main()
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
        # Locust ends with 1 or 2 when it cannot begin; ours say more.
        return ExitCode.BAD_INPUT if code in (1, 2, -1) and not started else code
    except HarnessError as error:
        print(f"harness: {error}", file=sys.stderr)
        return error.exit_code
    except Exception:
        print(redacted(traceback.format_exc()), end="", file=sys.stderr)
        if started:
            return ExitCode.BUG
        print("harness: the scenario cannot be loaded; see the lines above", file=sys.stderr)
        return ExitCode.BAD_INPUT
    return ExitCode.PASS


def _forget_default_files() -> None:
    """Have Locust's parser read no file but one that `--config` names."""
    plain: Any = argument_parser.LocustArgumentParser
    initialise = plain.__init__

    def without_files(parser: Any, *arguments: Any, **settings: Any) -> None:
        initialise(parser, *arguments, **settings | {"default_config_files": ()})

    plain.__init__ = without_files


if __name__ == "__main__":
    sys.exit(run_locust(main.main))
