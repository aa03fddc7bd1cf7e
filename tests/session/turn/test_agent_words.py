from harness.session.turn.agent_words import AgentWords


def test_pieces_of_one_response_stand_together_however_they_come() -> None:
    words = AgentWords()
    for response, piece in (("a", "One mo"), ("b", "Your size?"), ("a", "ment. ")):
        words.add(response, piece)
    assert words.text() == "One moment. Your size?"
    words.forget()
    assert words.text() == ""


def test_an_agent_that_never_stops_takes_no_more_memory() -> None:
    words = AgentWords()
    for _ in range(100):
        words.add("a", "x" * 1_000)
    assert len(words.text()) == 20_000
