from urllib.parse import parse_qs

from harness.dialects.carriers.signature import signature
from harness.dialects.carriers.webhook import announcement, twilio_form

ADDRESS = "https://app.example/voice"
FORM = twilio_form("CA1", "AC1")


def test_the_form_names_the_call_and_is_signed_with_the_token_only() -> None:
    plain = announcement(FORM, "X-Signature", None, ADDRESS)
    assert parse_qs(plain.content.decode())["CallSid"] == ["CA1"]
    assert plain.headers == ()
    signed = announcement(FORM, "X-Signature", "secret", ADDRESS)
    assert signed.headers == (("X-Signature", signature("secret", ADDRESS, FORM)),)
    assert b"secret" not in signed.content


def test_a_carrier_that_signs_nothing_shows_no_token() -> None:
    assert announcement(FORM, "", "secret", ADDRESS).headers == ()
