"""Arguments are held to the schema, but for spellings that can mean only one thing."""

from __future__ import annotations

from typing import Any

import pytest

from kioku_mesh.errors import BadInput
from kioku_mesh.mcp import arguments, tools

BY_NAME = {tool["name"]: tool for tool in tools.offered("full", read_only=False)}


def check(tool: str, **given: Any) -> dict[str, Any]:
    return arguments.check(BY_NAME[tool], given)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({"limit": "3"}, {"limit": 3}),
        ({"limit": 3.0}, {"limit": 3}),
        ({"limit": None}, {}),
        ({"here_only": "True"}, {"here_only": True}),
        ({"mode": " And_Or "}, {"mode": "and_or"}),
        ({"tags": "one"}, {"tags": ("one",)}),
        ({"tags": '["one", "two"]'}, {"tags": ("one", "two")}),
        ({"tags": ["one", 7]}, {"tags": ("one", "7")}),
        ({"tags": []}, {"tags": ()}),
        ({"include": ["Deleted"]}, {"include": ("deleted",)}),
        ({"query": 404}, {"query": "404"}),
        ({}, {}),
    ],
)
def test_harmless_spellings_are_taken(given: dict[str, Any], taken: dict[str, Any]) -> None:
    """What models write without meaning anything else is set right."""
    assert check("search_memory", **given) == taken


@pytest.mark.parametrize(
    "given",
    [
        {"limit": 0}, {"limit": 101}, {"limit": "many"}, {"limit": 2.5}, {"limit": True}, {"limit": [1]}, {"limit": "9" * 5000},
        {"here_only": 1}, {"here_only": "yes"}, {"mode": "fuzzy"}, {"mode": ["and"]}, {"memory_type": "idea"},
        {"tags": "one,two"}, {"tags": "[one"}, {"tags": {"a": 1}}, {"tags": [["a"]]}, {"tags": [None]}, {"include": ["live"]},
        {"query": ["a"]}, {"query": True}, {"query": 1.5}, {"max_tokens": 1}, {"quary": "x"}, {"limit": float("inf")},
    ],
)  # fmt: skip
def test_anything_else_is_bad_input_that_says_what_is_taken(given: dict[str, Any]) -> None:
    """The message names the argument, the hint what to pass."""
    with pytest.raises(BadInput) as caught:
        check("search_memory", **given)
    assert next(iter(given)) in caught.value.message
    assert caught.value.hint
    assert len(caught.value.message) < 300


def test_a_missing_argument_is_named() -> None:
    """What a tool cannot do without is asked for."""
    with pytest.raises(BadInput, match="recall_context needs task"):
        check("recall_context")
    with pytest.raises(BadInput, match="needs content"):
        check("save_observation", content=None)


def test_the_number_of_ids_is_bounded() -> None:
    """Neither no id nor too many at once."""
    with pytest.raises(BadInput, match="observation_ids"):
        check("get_memory", observation_ids=[])
    with pytest.raises(BadInput, match="observation_ids"):
        check("get_memory", observation_ids=["a"] * 21)


def test_a_tool_without_arguments_says_so() -> None:
    """The hint does not end in nothing."""
    with pytest.raises(BadInput) as caught:
        check("get_memory_status", verbose=True)
    assert caught.value.hint == "get_memory_status takes no arguments"
