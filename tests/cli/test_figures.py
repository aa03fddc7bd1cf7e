from harness.cli.figures import shown


def test_missing_is_a_dash_and_never_zero() -> None:
    assert [shown(value) for value in (None, 0, 0.0, 12, 1.234)] == ["-", "0", "0.00", "12", "1.23"]
