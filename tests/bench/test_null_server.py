"""Both clients, small and short, against the null server: what is counted, not how fast."""

import pytest

from harness.bench.child_process import Child

SESSIONS, SECONDS = 5, 1.5


@pytest.mark.parametrize("client", ["harness.bench.engine_trial", "harness.bench.plain_client"])
@pytest.mark.parametrize("frame_ms", [20, 100])
def test_a_client_sends_every_frame_and_the_server_receives_them(
    null_server: Child, client: str, frame_ms: int
) -> None:
    check_counts(null_server, client, frame_ms)


def test_the_server_counts_the_same_without_a_compiler(python_null_server: Child) -> None:
    check_counts(python_null_server, "harness.bench.plain_client", 20)


def check_counts(null_server: Child, client: str, frame_ms: int) -> None:
    words = ("--host", null_server.address(), "--frame-ms", f"{frame_ms}")
    with Child(client, *words, "--seconds", f"{SECONDS}") as child:
        found = child.ask(SESSIONS)
    assert found["sessions"] == SESSIONS
    assert found["sessions_lost"] == 0
    slots = SESSIONS * found["window_s"] * 1000 / frame_ms
    # At either end of the window a frame of each session may fall in or out, and what the client
    # was late for was skipped, not forgotten.
    assert abs(found["frames_intended"] - slots) <= 2 * SESSIONS + slots / 20
    assert 0 < found["frames_sent"] <= found["frames_intended"]
    assert found["late_p50_ms"] <= found["late_p99_ms"] <= found["late_p999_ms"]
    assert found["cpu_s"] > 0
    assert null_server.ask("how many?")["frames"] >= found["frames_sent"]


def test_a_server_that_refuses_is_told_as_lost_sessions(null_server: Child) -> None:
    host = null_server.address()
    null_server.close()
    with Child("harness.bench.engine_trial", "--host", host, "--seconds", "0.2") as child:
        assert child.ask(2)["sessions_lost"] == 2
