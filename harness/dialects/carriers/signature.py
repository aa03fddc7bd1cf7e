"""The signature by which an application knows that its carrier calls.

Source: Twilio, "Webhooks security", "Validating signatures from Twilio": HMAC-SHA1 with the
account's token over the address and, of a form, its sorted names and values; grade A. The upgrade
request of a media stream has no form.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping


def signature(token: str, address: str, form: Mapping[str, str] | None = None) -> str:
    """Return the signature of a request.

    Args:
        token: The account's secret token.
        address: The address as the application sees it, with scheme, path and query.
        form: Fields of a form that is posted.
    """
    fields = "".join(name + value for name, value in sorted((form or {}).items()))
    signed = hmac.new(token.encode(), (address + fields).encode(), hashlib.sha1)
    return base64.b64encode(signed.digest()).decode()
