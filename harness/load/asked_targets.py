"""What the manifest says of the targets of user classes, and of a run that has several."""

from collections.abc import Mapping
from typing import Any

from harness.engine.route import Route, model_asked
from harness.load.class_schedule import Calls
from harness.model import ClassTarget

_MODEL_UNKNOWN = "the address has a path of its own and names none, and none was asked for"
_BETWEEN = " and "


def asked_targets(schedule: Calls, routes: Mapping[str, Route]) -> tuple[ClassTarget, ...]:
    """Return the target of each user class.

    Args:
        schedule: The classes.
        routes: Their direct routes.
    """
    return tuple(
        _target(name, routes[name], chosen=bool(part.options.model), frame_ms=part.options.frame_ms)
        for name, part in schedule.parts.items()
    )


def of_run(targets: tuple[ClassTarget, ...]) -> dict[str, Any]:
    """Return what a manifest says of the run as a whole: all that its classes have."""
    model = _all(one.model for one in targets)
    return {
        "target": _all(one.target for one in targets),
        "dialect": _all(one.dialect for one in targets),
        "model": model,
        "model_unknown": "" if model else _MODEL_UNKNOWN,
        "model_by_default": all(one.model_by_default for one in targets),
        "audio": targets[0].audio,
        "frame_ms": targets[0].frame_ms,
        "targets": targets,
    }


def _target(user_class: str, route: Route, *, chosen: bool, frame_ms: int) -> ClassTarget:
    model = model_asked(route)
    return ClassTarget(
        user_class=user_class,
        target=route.address,
        dialect=route.dialect.name,
        model=model,
        audio=route.dialect.audio,
        frame_ms=frame_ms,
        model_by_default=not chosen and model == route.dialect.default_model,
    )


def _all(words: Any) -> str:
    return _BETWEEN.join(dict.fromkeys(filter(None, words)))
