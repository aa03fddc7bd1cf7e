from harness.model import CarrierAccount


def test_accounts_of_several_connections_add_up() -> None:
    one = CarrierAccount(frames_dropped=1, clears=2, marks_cleared=3, bursts=4, bursts_unmarked=5)
    assert one + one == CarrierAccount(
        frames_dropped=2, clears=4, marks_cleared=6, bursts=8, bursts_unmarked=10
    )
    assert one + CarrierAccount() == one
