from harness.model import NoProgress, Progress


def test_nobody_can_take_the_place_of_somebody() -> None:
    silent: Progress = NoProgress()
    silent.step("anything", "clips")
    silent.advance(1, None)
