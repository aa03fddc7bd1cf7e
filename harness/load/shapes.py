"""Steps and ramps of callers, as a load shape of Locust.

Any of Locust's own `LoadTestShape` works in a scenario too; this one is for stages.
"""

from collections.abc import Callable, Sequence
from typing import Any

from locust import LoadTestShape

from harness.errors import BadInput
from harness.plan.stages import Stage, callers_at, check_stages, scaled

_Tick = tuple[int, float] | None
# Locust asks once a second, and a change must be done before it asks again.
_LEAST_PER_S = 1.0


class StagedShape(LoadTestShape):
    """A run that goes through stages; the number of callers changes steadily within each.

    `--users` and `--run-time` scale it: they are its peak and its length.

    Attributes:
        stages: For each stage how many seconds it takes, and the callers at its end.
    """

    abstract = True
    use_common_options = True
    stages: Sequence[Stage] = ()

    def __init_subclass__(cls, **words: Any) -> None:
        """Refuse stages that cannot be.

        Raises:
            BadInput: There are none, or one is impossible.
        """
        super().__init_subclass__(**words)
        check_stages(cls.stages, f"{cls.__name__}.stages")

    @property
    def peak(self) -> int:
        """The most callers there are at once."""
        return max(callers for _, callers in self._scaled())

    def tick(self) -> tuple[int, float] | None:
        """Return how many callers there are now and how fast they change, as Locust asks."""
        at_s: float = self.get_run_time()  # type: ignore[no-untyped-call]
        found = callers_at(self._scaled(), at_s)
        if found is None:
            return None
        callers, per_s = found
        # Locust begins a run with a caller.
        return max(1, callers), max(_LEAST_PER_S, per_s)

    def _scaled(self) -> list[Stage]:
        options: Any = getattr(getattr(self.runner, "environment", None), "parsed_options", None)
        callers = getattr(options, "peak", None)
        return scaled(self.stages, callers or None, getattr(options, "run_time", None) or None)


def refuse_rate(asked_per_s: float | None, shape: object) -> None:
    """Refuse a rate of starting callers where the stages of a shape say it.

    Args:
        asked_per_s: What the command line says, `None` for nothing.
        shape: The scenario's shape, `None` for none.

    Raises:
        BadInput: There are both.
    """
    if asked_per_s is not None and isinstance(shape, StagedShape):
        raise BadInput(
            f"does not go with the stages of {type(shape).__name__}, which say how fast callers"
            " start",
            where="--spawn-rate",
            hint="Leave it out; --users and --run-time scale the stages",
        )


def hold_still(shape: Any, preparing: Callable[[], bool]) -> None:
    """Let a shape stay as it is while a run is prepared.

    Locust would end what prepares the run to begin another number of callers.

    Args:
        shape: Any of Locust's load shapes.
        preparing: Returns whether the run is being prepared.
    """
    tick: Callable[[], _Tick] = shape.tick
    latest: list[_Tick] = []

    def held() -> _Tick:
        if not latest or not preparing():
            latest[:] = [tick()]
        return latest[0]

    shape.tick = held
