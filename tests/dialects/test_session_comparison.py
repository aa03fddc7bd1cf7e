from typing import Any

from harness.dialects.session_comparison import MOST_SETTINGS, compare, difference_words


def words(asked: dict[str, Any], told: dict[str, Any]) -> list[str]:
    return [difference_words(row) for row in compare(asked, told) if row.differs]


def test_what_a_server_adds_is_no_difference() -> None:
    asked = {"audio": {"output": {"speed": 1}}, "tools": [{"name": "book"}]}
    told = {
        "audio": {"output": {"speed": 1.0, "voice": "alloy"}, "input": {}},
        "tools": [{"type": "function", "name": "other"}, {"name": "book", "strict": False}],
    }
    assert words(asked, told) == []


def test_every_level_is_compared() -> None:
    asked = {
        "audio": {
            "input": {"turn_detection": {"type": "semantic_vad", "eagerness": "high"}},
            "output": {"speed": 1.2},
        },
        "tools": [{"name": "book", "parameters": {"type": "object", "required": ["size"]}}],
    }
    told = {
        "audio": {
            "input": {"turn_detection": {"type": "semantic_vad", "eagerness": "auto"}},
            "output": {"speed": 1.0},
        },
        "tools": [{"name": "book", "parameters": {"type": "object", "required": []}}],
    }
    assert words(asked, told) == [
        "turn_detection.eagerness is auto, asked for high",
        "speed is 1.0, asked for 1.2",
        'tools.book.parameters.required is [], asked for ["size"]',
    ]


def test_a_missing_tool_and_a_withdrawn_object_are_differences() -> None:
    asked = {
        "tools": [{"name": "book"}, {"name": "cancel"}],
        "audio": {"input": {"transcription": {"model": "m"}}},
    }
    told: dict[str, Any] = {
        "tools": [{"name": "book"}],
        "audio": {"input": {"transcription": None}},
    }
    assert words(asked, told) == [
        'tools is ["book"], asked for ["book","cancel"]',
        "transcription.model is null, asked for m",
    ]


def test_what_a_server_does_not_name_is_not_known() -> None:
    (row,) = compare({"audio": {"output": {"speed": 1.2}}}, {"id": "s"})
    assert (row.name, row.asked, row.acknowledged, row.differs) == ("speed", "1.2", None, False)


def test_no_detection_is_asked_for_and_confirmed_as_null() -> None:
    asked = {"audio": {"input": {"turn_detection": None}}}
    assert words(asked, {"audio": {"input": {"turn_detection": None}}}) == []
    found = words(asked, {"audio": {"input": {"turn_detection": {"type": "server_vad"}}}})
    assert found == ['turn_detection is {"type":"server_vad"}, asked for null']


def test_the_flat_session_of_the_preview_is_understood() -> None:
    asked = {"audio": {"output": {"voice": "a"}, "input": {"transcription": {"model": "m"}}}}
    told = {"voice": "b", "input_audio_transcription": {"model": "m"}}
    assert words(asked, told) == ["voice is b, asked for a"]


def test_numbers_in_single_precision_are_the_same_and_truth_is_no_number() -> None:
    assert words({"threshold": 0.7}, {"threshold": 0.699999988079071}) == []
    assert words({"threshold": 1}, {"threshold": True}) == ["threshold is true, asked for 1"]


def test_texts_are_told_by_their_length_and_rows_are_bounded() -> None:
    (row,) = compare({"instructions": "x" * 5000}, {"instructions": "y" * 5000})
    assert row.differs
    assert difference_words(row) == "instructions is 5000 characters, asked for 5000 characters"
    many = compare({f"n{index}": "v" * 500 for index in range(500)}, {})
    assert len(many) == MOST_SETTINGS + 1
    assert max(len(row.asked) for row in many) <= 80
