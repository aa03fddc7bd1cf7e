"""A response as the service shows it."""

from harness.simulator.protocol.configuration import Json


def response_object(
    session: Json,
    options: Json,
    *,
    response_id: str,
    status: str,
    reason: str = "",
    error: Json | None = None,
    output: list[Json],
    usage: Json | None,
) -> Json:
    """Return the `response` of an event.

    Args:
        session: The session's configuration.
        options: The fields of the client's `response.create`, empty for one begun by VAD.
        response_id: Its name.
        status: Such as `in_progress` or `completed`.
        reason: Why it was cancelled or is incomplete; empty otherwise.
        error: Why it failed.
        output: Its items.
        usage: Tokens it took; `None` while it runs.
    """
    spoken = session["audio"]["output"]
    asked = (options.get("audio") or {}).get("output") or {}
    details: Json | None = {"type": status} if reason or error else None
    if details is not None:
        details |= {"reason": reason} if reason else {"error": error}
    out_of_band = options.get("conversation") == "none"
    conversation_id = session["id"].replace("sess_", "conv_", 1)
    return {
        "object": "realtime.response",
        "id": response_id,
        "status": status,
        "status_details": details,
        "output": output,
        "conversation_id": None if out_of_band else conversation_id,
        "output_modalities": options.get("output_modalities") or session.get("output_modalities"),
        "max_output_tokens": options.get("max_output_tokens") or session.get("max_output_tokens"),
        "audio": {
            "output": {
                "format": asked.get("format") or spoken["format"],
                "voice": asked.get("voice") or spoken["voice"],
            }
        },
        "metadata": options.get("metadata"),
        "usage": usage,
    }
