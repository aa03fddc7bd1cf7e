import asyncio
from collections.abc import Coroutine
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.model import StageRecord
from tests.cascade.conftest import (
    OpenedCascade,
    Providers,
    Reply,
    Request,
    Served,
    chunk,
    speech,
    stopped,
)
from tests.simulator.conftest import silence, spoken

Audio = NDArray[np.int16]
TRANSCRIBED = {"type": "realtime", "audio": {"input": {"transcription": {"model": "x"}}}}
INSTANTS = (
    *("endpoint_ns", "transcript_ns", "first_token_ns", "first_sentence_ns"),
    *("tts_first_byte_ns", "first_audio_sent_ns"),
)


def run(conversation: Coroutine[Any, Any, None]) -> None:
    async def in_time() -> None:
        async with asyncio.timeout(30):
            await conversation

    asyncio.run(in_time())


def reached(record: StageRecord) -> list[str]:
    return [name for name in INSTANTS if getattr(record, name) is not None]


async def turn(served: Served) -> dict[str, Any]:
    """Say something, and return the response once it is done."""
    await served.talk.say(np.concatenate((silence(0.3), spoken(0.6), silence(0.5))))
    done = await served.talk.until("response.done")
    found: dict[str, Any] = done["response"]
    return found


def test_a_turn_goes_through_all_parts_and_every_stage_has_its_instant(
    opened_cascade: OpenedCascade,
) -> None:
    async def talk() -> None:
        async with opened_cascade() as served:
            await served.talk.send("session.update", session=TRANSCRIBED)
            done = await turn(served)
            assert done["status"] == "completed"
            said = "Good morning. How can I help you?"
            assert done["output"][0]["content"] == [{"type": "output_audio", "transcript": said}]
            assert done["usage"]["input_tokens"] == 31
            assert "input_audio_transcription.completed" in " ".join(served.talk.kinds)
            assert [r.json["input"] for r in served.tts.requests] == [
                *("Good morning.", "How can I help you?")
            ]
            assert b"RIFF" in served.stt.requests[0].body
            assert served.llm.requests[0].json["messages"][-1] == {
                "role": "user",
                "content": "Hello there.",
            }
            (record,) = served.stages
            instants = [getattr(record, name) for name in INSTANTS]
            assert None not in instants
            assert instants == sorted(instants)
            # Each stage ends after its provider had sent what ends it, by the provider's own stamp.
            assert record.transcript_ns is not None
            assert served.stt.requests[0].received_ns > record.endpoint_ns
            assert served.llm.requests[0].received_ns > record.transcript_ns
            assert (record.response_id, record.characters) == (done["id"], 32)
            assert (record.tokens_in, record.tokens_out) == (31, 9)
            # Nothing here is at OpenAI, so nothing costs what OpenAI asks.
            assert all(
                record.providers[part].startswith(f"openai {part}-model at 127.0.0.1:")
                for part in ("stt", "llm", "tts")
            )
            assert 0.6 < record.heard_s < 1.5

    run(talk())


def test_what_was_said_before_is_told_and_the_first_sentence_does_not_wait(
    opened_cascade: OpenedCascade,
) -> None:
    asked_to_speak = asyncio.Event()

    def llm(_: Request) -> Reply:
        # It goes on only once its first sentence is being spoken.
        return Reply(
            [(0.0, chunk("First. Sec")), (asked_to_speak, chunk("ond.")), (0.0, stopped())]
        )

    def tts(_: Request) -> Reply:
        asked_to_speak.set()
        return Reply([(0.0, speech())])

    async def talk() -> None:
        async with opened_cascade(Providers(llm=llm, tts=tts)) as served:
            assert (await turn(served))["status"] == "completed"
            await turn(served)
            roles = [m["role"] for m in served.llm.requests[1].json["messages"]]
            assert roles == ["system", "user", "assistant", "user"]
            assert served.llm.requests[1].json["messages"][2]["content"] == "First. Second."

    run(talk())


def test_speech_while_it_speaks_cancels_the_response_and_what_is_asked_of_providers(
    opened_cascade: OpenedCascade,
) -> None:
    slow = Providers(tts=lambda _: Reply([(0.0, speech()), *[(0.05, speech(0.1))] * 400]))

    async def talk() -> None:
        async with opened_cascade(slow) as served:
            served.talk.is_checked = False  # what an LLM has not counted is null, not 0
            await served.talk.say(np.concatenate((spoken(0.6), silence(0.5))))
            await served.talk.until("response.output_audio.delta")
            await served.talk.say(np.concatenate((spoken(0.6, seed=5), silence(0.5))))
            done = (await served.talk.until("response.done"))["response"]
            assert done["status"] == "cancelled"
            assert done["status_details"]["reason"] == "turn_detected"
            assert done["output"][0]["status"] == "incomplete"
            await served.talk.until("response.output_audio.delta")
            await served.talk.send("response.cancel")
            done = (await served.talk.until("response.done"))["response"]
            assert done["status_details"]["reason"] == "client_cancelled"
            assert [record.cancelled for record in served.stages] == [True, True]
            await served.tts.hung_up_on.wait()

    run(talk())


REFUSED = Reply([(0.0, b'{"error":{"message":"slow down"}}')], status=429)


@pytest.mark.parametrize(
    ("given", "words", "stage", "last"),
    [
        (
            Providers(stt=lambda _: REFUSED),
            "the STT provider answered 429: slow down",
            *("stt", "endpoint_ns"),
        ),
        (
            Providers(stt=lambda _: Reply([(0.0, b'{"text":" "}')])),
            "the STT provider heard no words",
            *("stt", "endpoint_ns"),
        ),
        (
            Providers(llm=lambda _: Reply([(0.0, chunk("Wait"))], cut=True)),
            "the LLM provider could not be talked to",
            *("llm", "first_token_ns"),
        ),
        (
            Providers(llm=lambda _: Reply([(0.0, chunk("Wait"))])),
            "the LLM provider ended its answer in the middle",
            *("llm", "first_token_ns"),
        ),
        (
            Providers(tts=lambda _: Reply([(5.0, b"")])),
            "the TTS provider sent nothing for 0.3 s",
            *("tts", "first_sentence_ns"),
        ),
        (
            Providers(tts=lambda _: Reply([])),
            "the TTS provider answered without audio",
            *("tts", "first_sentence_ns"),
        ),
    ],
)
def test_a_provider_that_fails_is_named_and_the_session_goes_on(
    opened_cascade: OpenedCascade, given: Providers, words: str, stage: str, last: str
) -> None:
    async def talk() -> None:
        async with opened_cascade(given, tts_limit_s=0.3 if "0.3" in words else 10.0) as served:
            served.talk.is_checked = stage == "stt"  # no usage of an LLM that has not counted
            for _ in range(2):
                done = await turn(served)
                assert done["status"] == "failed"
                error = done["status_details"]["error"]
                assert error["message"].startswith(words)
                assert error["code"] == f"{stage}_failed"
            record = served.stages[-1]
            assert record.failed_stage == stage
            assert record.failure.startswith(words)
            assert reached(record)[-1] == last

    run(talk())


def test_functions_are_called_and_their_results_are_read(opened_cascade: OpenedCascade) -> None:
    def llm(request: Request) -> Reply:
        if request.json["messages"][-1]["role"] == "tool":
            return Reply([(0.0, chunk("It is open.")), (0.0, stopped())])
        first = {"index": 0, "id": "x", "function": {"name": "is_open", "arguments": '{"day"'}}
        second = {"index": 0, "function": {"arguments": ':"Monday"}'}}
        calls = [(0.0, chunk(tool_calls=[one])) for one in (first, second)]
        return Reply([*calls, (0.0, stopped("tool_calls"))])

    async def talk() -> None:
        async with opened_cascade(Providers(llm=llm)) as served:
            tool = {"type": "function", "name": "is_open", "parameters": {"type": "object"}}
            await served.talk.send("session.update", session={"type": "realtime", "tools": [tool]})
            call = (await turn(served))["output"][0]
            assert (call["name"], call["arguments"]) == ("is_open", '{"day":"Monday"}')
            output = {"type": "function_call_output", "call_id": call["call_id"], "output": "yes"}
            await served.talk.send("conversation.item.create", item=output)
            await served.talk.send("response.create")
            done = (await served.talk.until("response.done"))["response"]
            assert done["output"][0]["content"][0]["transcript"] == "It is open."
            told = served.llm.requests[1].json
            assert told["tools"][0]["function"]["name"] == "is_open"
            assert told["messages"][-2]["tool_calls"][0]["id"] == call["call_id"]
            assert told["messages"][-1] == {
                "role": "tool",
                "tool_call_id": call["call_id"],
                "content": "yes",
            }
            assert served.stages[1].transcript_ns is None

    run(talk())


def test_of_an_answer_that_was_cut_only_the_heard_part_is_remembered(
    opened_cascade: OpenedCascade,
) -> None:
    async def talk() -> None:
        async with opened_cascade() as served:
            item = (await turn(served))["output"][0]["id"]
            spoken_ms = 4 * 300
            await served.talk.send(
                "conversation.item.truncate",
                item_id=item,
                content_index=0,
                audio_end_ms=spoken_ms // 2,
            )
            await turn(served)
            heard = served.llm.requests[1].json["messages"][2]["content"]
            assert heard in ("Good morning. How", "Good morning. How can")

    run(talk())


def test_a_client_that_leaves_in_the_middle_takes_its_response_along(
    opened_cascade: OpenedCascade,
) -> None:
    async def talk() -> None:
        endless = Providers(tts=lambda _: Reply([(0.05, speech(0.1))] * 400))
        async with opened_cascade(endless) as served:
            await served.talk.say(np.concatenate((spoken(0.6), silence(0.5))))
            await served.talk.until("response.output_audio.delta")
            await served.talk.socket.close()
            await served.tts.hung_up_on.wait()
            (record,) = served.stages
            assert record.cancelled

    run(talk())


def test_what_is_not_offered_is_refused_by_name(opened_cascade: OpenedCascade) -> None:
    async def talk() -> None:
        async with opened_cascade() as served:
            await served.talk.send("response.create", response={"output_modalities": ["text"]})
            assert "in writing" in (await served.talk.refused())["message"]
            await served.talk.send("response.create", response={"conversation": "none"})
            assert "out of band" in (await served.talk.refused())["message"]
            assert (await turn(served))["status"] == "completed"

    run(talk())
