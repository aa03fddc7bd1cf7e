import sys

import pytest

from harness.errors import BadInput
from harness.load.exporters.extra import import_extra


def test_a_module_whose_libraries_are_there_is_imported() -> None:
    name = "harness.load.exporters.listen_address"
    assert import_extra(name, "prometheus", "--prometheus") is sys.modules[name]


def test_a_library_that_is_missing_is_one_line_with_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    door = "harness.load.exporters.prometheus"
    monkeypatch.delitem(sys.modules, door, raising=False)
    for name in [n for n in sys.modules if n.partition(".")[0] == "prometheus_client"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_Missing(), *sys.meta_path])
    with pytest.raises(BadInput) as refused:
        import_extra(door, "prometheus", "--prometheus")
    told = str(refused.value)
    assert told.startswith("--prometheus: needs prometheus_client, which is not installed")
    assert "pip install 'harness[prometheus]'" in told
    assert "\n" not in told


def test_a_mistake_of_our_own_is_not_taken_for_a_missing_library() -> None:
    with pytest.raises(ModuleNotFoundError):
        import_extra("harness.load.exporters.nothing", "prometheus", "--prometheus")


class _Missing:
    """Finds no such library, as where the extra is not installed."""

    def find_spec(self, name: str, *_: object) -> None:
        if name.partition(".")[0] == "prometheus_client":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
