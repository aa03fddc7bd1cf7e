"""The setup of every relay has the fields that its carrier documents."""

import json

import pytest

from harness.dialects.carriers.conversation_relay import ConversationRelay
from harness.dialects.carriers.relay_tables import RELAY_TABLES

IDENTITY = "0123456789abcdef0123456789abcdef"
# Twilio, ConversationRelay, WebSocket messages; Telnyx, ConversationRelay WebSocket channel.
DOCUMENTED = {
    "twilio-relay": {
        *("type", "sessionId", "accountSid", "parentCallSid", "callSid", "from", "to"),
        *("forwardedFrom", "callType", "callerName", "direction", "callStatus"),
        "customParameters",
    },
    "telnyx-relay": {
        *("type", "sessionId", "accountSid", "callSid", "callControlId", "callSessionId"),
        *("callLegId", "from", "to", "direction", "callerName", "callStatus"),
        "customParameters",
    },
}


@pytest.mark.parametrize("table", RELAY_TABLES, ids=lambda table: table.name)
def test_the_setup_is_whole(table: object) -> None:
    session = ConversationRelay(table).open(IDENTITY)  # type: ignore[arg-type]
    (message,) = session.opening()
    setup = json.loads(message)
    assert setup.keys() == DOCUMENTED[table.name]  # type: ignore[attr-defined]
    assert setup["type"] == "setup"
    assert setup["sessionId"] == session.identifier
    assert setup["callSid"] == session.call_name
