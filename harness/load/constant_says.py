"""Utterances and tags that a task names in so many words, held against the corpus before any load.

Only what stands in the source can be seen: `call.say("size-large")`, `call.say(tag="greeting")`.
What is put together while a call goes on is looked at then.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Sequence
from types import FunctionType

from harness.load.reacting_call import nothing_fits
from harness.model import Clip
from harness.plan.script import ScriptTurn


def check_says(user: type, clips: Sequence[Clip], utterances: Sequence[Clip] = ()) -> None:
    """Refuse what a class's tasks would say and the corpus does not have.

    Args:
        user: The class.
        clips: What can be said.
        utterances: The same under their names without a condition, where they have some.

    Raises:
        BadInput: Nothing fits; the line names what is meant, where that can be guessed.
    """
    for wanted in (one for function in _functions(user) for one in _said(function)):
        if not any(wanted.fits(clip) for clip in (*utterances, *clips)):
            raise nothing_fits(wanted.id, wanted.tag, wanted.language, clips)


def _functions(user: type) -> Iterator[FunctionType]:
    """Yield the functions of a class and of the scenario's own classes that it comes from."""
    for held in user.__mro__:
        if not held.__module__.startswith(("harness.load", "locust.")):
            yield from (one for one in vars(held).values() if isinstance(one, FunctionType))


def _said(function: FunctionType) -> Iterator[ScriptTurn]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return
    calls = {
        item.optional_vars.id
        for block in ast.walk(tree)
        if isinstance(block, ast.With)
        for item in block.items
        if isinstance(item.optional_vars, ast.Name) and _is_call_of(item.context_expr, "call")
    }
    for node in ast.walk(tree):
        if _is_call_of(node, "say") and _object_of(node) in calls:
            assert isinstance(node, ast.Call)
            named = {word.arg: word.value for word in node.keywords}
            given = [*node.args[:1], *([named["utterance"]] if "utterance" in named else [])]
            words = (
                _text(given[0] if given else None),
                _text(named.get("tag")),
                _text(named.get("language")),
            )
            if None not in words and None not in named:
                utterance, tag, language = (word or "" for word in words)
                yield ScriptTurn(id=utterance, tag=tag, language=language)


def _is_call_of(node: ast.AST, method: str) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == method
    )


def _object_of(node: ast.AST) -> str:
    """Return the name that a method is called on, empty for anything but a name."""
    called = node.func if isinstance(node, ast.Call) else None
    held = called.value if isinstance(called, ast.Attribute) else None
    return held.id if isinstance(held, ast.Name) else ""


def _text(node: ast.expr | None) -> str | None:
    """Return a constant text, empty where nothing is given; `None` for what cannot be seen."""
    if node is None:
        return ""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
