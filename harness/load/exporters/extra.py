"""Libraries that are installed only where somebody asked for them."""

from importlib import import_module
from types import ModuleType

from harness.errors import BadInput


def import_extra(module: str, extra: str, option: str) -> ModuleType:
    """Return a module that needs libraries of an extra.

    Args:
        module: Ours, the door of the library.
        extra: Name of the extra that brings the library.
        option: What was asked for.

    Raises:
        BadInput: The extra is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("harness"):
            raise
        raise BadInput(
            f"needs {error.name}, which is not installed",
            where=option,
            hint=f"pip install 'harness[{extra}]'",
        ) from error
