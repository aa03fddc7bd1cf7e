import pytest

from harness.model import ProviderError, ResponseDone, ResponseStatus
from harness.session.turn.endings import ResponseEndings

COMPLETED = ResponseDone("r", ResponseStatus.COMPLETED)
CANCELLED = ResponseDone("r", ResponseStatus.CANCELLED)
FAILED = ResponseDone("r", ResponseStatus.FAILED, "server_error")
INCOMPLETE = ResponseDone("r", ResponseStatus.INCOMPLETE, "max_output_tokens")


@pytest.mark.parametrize("is_over", [True, False])
def test_nothing_has_failed_before_anything_ended(is_over: bool) -> None:
    endings = ResponseEndings()
    assert endings.failure(is_over=is_over) is None
    assert not endings.completed


def test_a_response_that_completed_is_no_failure() -> None:
    endings = ResponseEndings()
    endings.last = COMPLETED
    assert endings.completed
    assert endings.failure(is_over=True) is None


@pytest.mark.parametrize("ending", [FAILED, INCOMPLETE, CANCELLED])
def test_the_latest_ending_counts_only_while_nothing_else_is_under_way(
    ending: ResponseDone,
) -> None:
    endings = ResponseEndings()
    endings.last = ending
    assert endings.failure(is_over=True) is ending
    assert endings.failure(is_over=False) is None


def test_the_first_response_that_broke_off_is_the_one_that_is_told() -> None:
    endings = ResponseEndings()
    endings.broke_off(FAILED)
    endings.broke_off(INCOMPLETE)
    endings.last = COMPLETED
    assert endings.failure(is_over=True) is FAILED


@pytest.mark.parametrize(
    ("broken", "left"), [(CANCELLED, None), (FAILED, FAILED), (INCOMPLETE, INCOMPLETE)]
)
def test_another_response_replaces_a_cancelled_one_but_no_failed_one(
    broken: ResponseDone, left: ResponseDone | None
) -> None:
    endings = ResponseEndings()
    endings.broke_off(broken)
    endings.another()
    assert endings.failure(is_over=False) is left
    endings.broke_off(INCOMPLETE)
    assert endings.failure(is_over=False) is (left or INCOMPLETE)


def test_a_response_without_an_end_is_whole_unless_an_error_came_or_others_had_an_end() -> None:
    assert ResponseEndings().unended() is None
    reported = ResponseEndings(reported=True).unended()
    assert reported is not None
    assert reported.code == "no_end"
    endings = ResponseEndings()
    endings.failed(ProviderError("", "the model crashed"))
    assert endings.unended() == ResponseDone(
        "", ResponseStatus.FAILED, "error", "the model crashed"
    )
    endings.another()
    assert endings.unended() is None
    assert endings.error == endings.anew().error == ProviderError("", "the model crashed")
