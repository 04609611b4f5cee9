"""The list of tools: complete, true, and small enough for a prompt."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest

from kioku_mesh import model
from kioku_mesh.mcp import calls, instructions, tools

FULL = json.loads(json.dumps(tools.offered("full", read_only=False)))
DEFAULT_NAMES = [
    "save_observation",
    "search_memory",
    "recall_context",
    "get_memory",
    "delete_memory",
    "get_memory_status",
]
ADDED_NAMES = [
    "revise_memory",
    "list_projects",
    "restore_memory",
    "mesh_learn",
    "mesh_recall",
    "mesh_forget",
    "mesh_inspect",
    "mesh_context",
]
WRITING = {"save_observation", "delete_memory", "revise_memory", "restore_memory", "mesh_learn", "mesh_forget"}
CHARACTERS_PER_TOKEN = 4.1  # of this text, measured with o200k_base: 4.25
TOKEN_BUDGET = 1500


def names(*profile: Any) -> list[str]:
    return [tool["name"] for tool in tools.offered(*profile)]


def test_the_tools_of_each_profile() -> None:
    """Names and order are a contract."""
    assert names("default", False) == DEFAULT_NAMES
    assert names("full", False) == DEFAULT_NAMES + ADDED_NAMES
    assert names("full", True) == [name for name in DEFAULT_NAMES + ADDED_NAMES if name not in WRITING]
    assert names("default", True) == ["search_memory", "recall_context", "get_memory", "get_memory_status"]


def test_every_tool_can_be_called() -> None:
    """Each tool that is listed has its call, and none is hidden."""
    assert set(calls.TOOLS) == set(DEFAULT_NAMES + ADDED_NAMES)


def test_the_words_are_those_of_the_model() -> None:
    """The lists that are written down here for speed are the real ones."""
    assert tools.MEMORY_TYPES == model.MEMORY_TYPES
    assert tools.VISIBILITIES == model.VISIBILITIES
    assert tools.MODES == model.MODES
    assert ("live", *tools.HIDDEN_STATES) == model.STATES


def test_the_default_profile_is_small() -> None:
    """Instructions and tools, schemas of results included, stay below the budget."""
    listed = json.dumps(tools.offered("default", read_only=False), ensure_ascii=False, separators=(",", ":"))
    assert (len(listed) + len(instructions.TEXT)) / CHARACTERS_PER_TOKEN < TOKEN_BUDGET


@pytest.mark.parametrize("read_only", [False, True])
def test_instructions_name_only_tools_that_are_there(read_only: bool) -> None:
    """A model is not told to call what a server that only reads does not have."""
    told = instructions.READ_ONLY if read_only else instructions.TEXT
    named = {name for name in DEFAULT_NAMES + ADDED_NAMES if name in told}
    assert named <= {tool["name"] for tool in tools.offered("default", read_only)}
    assert {"recall_context", "search_memory"} <= named


def test_instructions_fit_the_strictest_client() -> None:
    """One client cuts them at 4,096 characters."""
    assert len(instructions.TEXT) < 4096


@pytest.mark.parametrize("tool", FULL, ids=lambda tool: tool["name"])
class TestTool:
    def test_name_and_description_are_found_by_a_tool_search(self, tool: Any) -> None:
        """Clients that hide tools look for words of the name and the first sentence."""
        assert re.fullmatch(r"[a-z_]{1,30}", tool["name"])
        first = tool["description"].partition(". ")[0].lower()
        assert re.search(r"memor|remember|recall", first)

    def test_annotations_are_complete(self, tool: Any) -> None:
        """Every hint is given, and the world is closed."""
        hints = tool["annotations"]
        assert hints["openWorldHint"] is False
        assert hints["idempotentHint"] is True
        assert hints["readOnlyHint"] is (tool["name"] not in WRITING)
        assert hints["destructiveHint"] is (tool["name"] in ("delete_memory", "mesh_forget"))

    def test_schemas_are_schemas(self, tool: Any) -> None:
        """Both schemas are valid, and arguments that are not named are refused by them too."""
        jsonschema.Draft202012Validator.check_schema(tool["inputSchema"])
        jsonschema.Draft202012Validator.check_schema(tool.get("outputSchema", {}))
        assert tool["inputSchema"]["additionalProperties"] is False
        assert set(tool["inputSchema"].get("required", ())) <= tool["inputSchema"]["properties"].keys()

    def test_an_error_keeps_to_the_output_schema(self, tool: Any) -> None:
        """Clients that check the structured content of errors as well find nothing wrong."""
        error = {"code": "not_found", "message": "there is no memory", "hint": "look for it"}
        jsonschema.validate(error, tool.get("outputSchema", {}))
