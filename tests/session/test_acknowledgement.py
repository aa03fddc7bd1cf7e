import pytest

from harness.model import Event, ProviderError, SessionConfigured, SessionCreated
from harness.session.acknowledgement import Acknowledgement

ACCEPTED = SessionConfigured('{"type":"server_vad"}', "sess_2", "m-2")
REFUSED = ProviderError("unknown_parameter", "no voice", of_settings=True)
UNCLEAR = ProviderError("", "no capacity")
OTHER = ProviderError("bad", "audio", of_settings=False)


def noted(*events: Event, just_configured: bool = True) -> Acknowledgement:
    reply = Acknowledgement()
    for event in events:
        reply.note(event, just_configured=just_configured)
    return reply


def test_what_the_session_is_called_stays_until_it_is_said_anew() -> None:
    reply = noted(SessionCreated("sess_1", "m-1"), SessionConfigured())
    assert (reply.provider_session_id, reply.model, reply.acknowledged) == ("sess_1", "m-1", "")
    reply = noted(SessionCreated("sess_1", "m-1"), ACCEPTED)
    assert (reply.provider_session_id, reply.model) == ("sess_2", "m-2")
    assert reply.acknowledged == '{"type":"server_vad"}'


@pytest.mark.parametrize("just_configured", [False, True])
@pytest.mark.parametrize("before", [(), (ACCEPTED,)])
def test_a_refusal_that_says_so_is_one_whenever_it_comes(
    before: tuple[Event, ...], just_configured: bool
) -> None:
    refused = noted(*before, REFUSED, just_configured=just_configured).refused
    assert refused == "unknown_parameter: no voice"
    assert noted(*before, OTHER, just_configured=just_configured).refused == ""


def test_an_error_that_says_nothing_is_one_before_anything_was_accepted_or_heard() -> None:
    assert noted(UNCLEAR).refused == "no capacity"
    assert noted(UNCLEAR, just_configured=False).refused == ""
    assert noted(ACCEPTED, UNCLEAR).refused == ""
    assert noted(UNCLEAR, ACCEPTED).refused == ""
    assert noted(UNCLEAR).last_error == UNCLEAR


@pytest.mark.parametrize(
    ("configured", "why"),
    [
        (
            SessionConfigured("null", detects_turns=False),
            "this server does not detect turns (turn_detection is null)",
        ),
        (
            SessionConfigured('{"type":"server_vad"}', detects_turns=True, answers=False),
            "this server answers no turn by itself (create_response is false)",
        ),
        (ACCEPTED, ""),
    ],
)
def test_settings_that_leave_every_turn_unanswered_are_a_reason(
    configured: SessionConfigured, why: str
) -> None:
    assert noted(configured).unanswering == why
    assert noted(configured, ACCEPTED).unanswering == ""
