"""How a figure that may be missing is written in the tables of `harness selfcheck`."""


def shown(value: float | None) -> str:
    """Return whole numbers as they are, others with two decimals, and a dash for `None`."""
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.2f}"
