"""Locust's events, joined to the run controller of their process. Importing it joins them."""

import logging
import sys
from typing import Any

import gevent
from locust import events
from locust.env import Environment

from harness.errors import BadInput
from harness.load.exporters.otel_setup import prepare_otel
from harness.load.load_defaults import complete
from harness.load.master_port import choose_master_port
from harness.load.options import add_arguments
from harness.load.redacted_output import redact_exceptions, redact_exported_logs
from harness.load.run_controller import RunController
from harness.load.shapes import hold_still
from harness.load.watchdogs import watch_parent

_controllers: dict[int, RunController] = {}


def run_controller_of(environment: Environment) -> RunController:
    """Return the run controller of a Locust environment."""
    return _controllers[id(environment)]


def _on_parser(parser: Any) -> None:
    add_arguments(parser)
    if not _controllers:
        # Locust's page makes a parser anew each time it is shown.
        gevent.spawn(watch_parent)
    choose_master_port(parser, sys.argv[1:])
    try:
        prepare_otel(sys.argv[1:])
    except BadInput as error:
        # Locust would log a traceback and go on.
        print(f"harness: {error}", file=sys.stderr, flush=True)
        raise SystemExit(int(error.exit_code)) from None


def _on_init(environment: Environment, **_: Any) -> None:
    complete(environment.parsed_options, environment.shape_class, list(environment.user_classes))
    controller = _controllers[id(environment)] = RunController(environment)
    controller.watch_others()
    if environment.shape_class is not None:
        hold_still(environment.shape_class, lambda: controller.preparing)
    redact_exceptions(environment.runner)
    redact_exported_logs()
    if getattr(environment.parsed_options, "live_line", False):
        logging.getLogger("locust.stats_logger").disabled = True


def _on_start(environment: Environment, **_: Any) -> None:
    run_controller_of(environment).start()


def _on_stop(environment: Environment, **_: Any) -> None:
    run_controller_of(environment).stop()


def _on_user_error(user_instance: Any, exception: Exception, tb: Any) -> None:
    """End a run whose scenario fails outside of calls: in a loop, it would not end by itself."""
    user = getattr(user_instance, "user", user_instance)
    if exception is not getattr(user, "told_error", None):
        run_controller_of(user.environment).scenario_failed(exception)


def _on_quitting(environment: Environment, **_: Any) -> None:
    run_controller_of(environment).quitting()


events.init_command_line_parser.add_listener(_on_parser)
events.init.add_listener(_on_init)
events.test_start.add_listener(_on_start)
events.test_stop.add_listener(_on_stop)
events.user_error.add_listener(_on_user_error)
events.quitting.add_listener(_on_quitting)
