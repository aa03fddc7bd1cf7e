"""The carriers that bring callers as text.

Grades: A, the carrier's own documentation.
"""

from typing import Any

from harness.dialects.carriers.conversation_relay import RelayIds, RelayTable
from harness.dialects.carriers.tables import carrier_facts, uuid_of

_CALLER, _CALLED = "+15550100001", "+15550100002"
_CALL = {"from": _CALLER, "to": _CALLED, "direction": "inbound", "callerName": ""}


def _sids(identity: str) -> RelayIds:
    return RelayIds(f"VX{identity}", f"CA{identity}", f"AC{identity[::-1]}")


def _uuids(identity: str) -> RelayIds:
    return RelayIds(uuid_of(identity), f"v3:{identity}", uuid_of(identity[::-1]))


def _twilio_setup(ids: RelayIds) -> dict[str, Any]:
    return {
        "type": "setup",
        "sessionId": ids.session,
        "accountSid": ids.account,
        "parentCallSid": "",
        "callSid": ids.call,
        **_CALL,
        "forwardedFrom": "",
        "callType": "PSTN",
        "callStatus": "RINGING",
    }


# A, also for the signature of the upgrade request.
TWILIO_RELAY = RelayTable(
    name="twilio-relay",
    facts=carrier_facts(
        "Twilio, ConversationRelay - WebSocket messages",
        in_text=True,
        key_variables=("TWILIO_AUTH_TOKEN",),
        takes_webhooks=True,
    ),
    ids=_sids,
    setup=_twilio_setup,
    language="en-US",
    signature_header="X-Twilio-Signature",
)


def _telnyx_setup(ids: RelayIds) -> dict[str, Any]:
    return {
        "type": "setup",
        "sessionId": ids.session,
        "accountSid": ids.account,
        "callSid": ids.call,
        "callControlId": ids.call,
        "callSessionId": ids.session,
        "callLegId": ids.session,
        **_CALL,
        "callStatus": "active",
    }


# A for the messages. How its sockets and webhooks are signed is not emulated, so that none are.
TELNYX_RELAY = RelayTable(
    name="telnyx-relay",
    facts=carrier_facts("Telnyx, ConversationRelay WebSocket channel", in_text=True),
    ids=_uuids,
    setup=_telnyx_setup,
    language="en",
)

RELAY_TABLES = (TWILIO_RELAY, TELNYX_RELAY)
"""Every carrier of this kind."""
