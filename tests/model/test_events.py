import typing
from dataclasses import fields

import pytest

from harness.model import PROVES_SESSION, Event, OfResponse, SessionCreated
from harness.model.events import ProviderError

EVENTS = typing.get_args(Event)


@pytest.mark.parametrize("kind", EVENTS)
def test_what_names_a_response_is_of_a_response(kind: type) -> None:
    names = {field.name for field in fields(kind)}
    assert ("response_id" in names) == issubclass(kind, OfResponse)
    assert not hasattr(kind, "__dict__") or "__slots__" in vars(kind)


def test_what_proves_a_session_is_an_event_and_an_error_proves_none() -> None:
    assert set(PROVES_SESSION) < set(EVENTS)
    assert SessionCreated in PROVES_SESSION
    assert not issubclass(ProviderError, PROVES_SESSION)
