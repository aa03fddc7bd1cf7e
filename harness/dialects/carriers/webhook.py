"""The webhook by which a carrier tells an application of a call."""

from collections.abc import Mapping
from urllib.parse import urlencode

from harness.dialects.base import IncomingCall
from harness.dialects.carriers.signature import signature

_FORM = "application/x-www-form-urlencoded; charset=UTF-8"
_CALLER, _CALLED = "+15550100001", "+15550100002"


def twilio_form(call: str, account: str) -> dict[str, str]:
    """Return what Twilio tells of a call.

    Args:
        call: What it calls the call.
        account: What it calls the account.
    """
    return {
        "CallSid": call,
        "AccountSid": account,
        "From": _CALLER,
        "To": _CALLED,
        "Caller": _CALLER,
        "Called": _CALLED,
        "CallStatus": "ringing",
        "ApiVersion": "2010-04-01",
        "Direction": "inbound",
    }


def announcement(
    form: Mapping[str, str], header: str, token: str | None, address: str
) -> IncomingCall:
    """Return the form that tells of a call, signed where a token is in use.

    Args:
        form: What is told.
        header: Header of the signature, empty for none.
        token: The account's secret token, `None` for none.
        address: The webhook's, as the application sees it.
    """
    content = urlencode(form).encode()
    if token is None or not header:
        return IncomingCall(content, _FORM)
    return IncomingCall(content, _FORM, ((header, signature(token, address, form)),))
