"""What the official SDK's client sees of the server. Not a test: run with the SDK installed, prints one JSON object.

python sdk_client.py MODE COMMAND [ARGUMENT…]
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.shared.exceptions import MCPError
from mcp_types import Implementation


async def look(mode: str, command: list[str]) -> dict[str, Any]:
    """One conversation; the SDK itself checks every message and every structured result against its schema."""
    server = StdioServerParameters(command=command[0], args=command[1:], env=dict(os.environ), cwd=os.getcwd())
    seen: dict[str, Any] = {}
    async with Client(server, mode=mode, client_info=Implementation(name="referee", version="1")) as client:
        seen["version"] = client.protocol_version
        seen["server"] = client.server_info.name if client.server_info else None
        seen["instructions"] = bool(client.instructions)
        seen["tools"] = [tool.name for tool in (await client.list_tools()).tools]
        saved = await client.call_tool(
            "save_observation", {"content": "The referee keeps the score.", "memory_type": "fact"}
        )
        seen["saved"] = saved.structured_content
        found = await client.call_tool("search_memory", {"query": "referee score"})
        seen["found"] = [row["observation_id"] for row in found.structured_content["results"]]
        seen["recalled"] = (await client.call_tool("recall_context", {"task": "keep the score"})).content[0].text
        await client.call_tool("get_memory", {"observation_ids": seen["found"]})
        seen["status"] = (await client.call_tool("get_memory_status", {})).structured_content["identity"]
        wrong = await client.call_tool("search_memory", {"limit": "many"})
        seen["wrong"] = [wrong.is_error, wrong.structured_content["code"]]
        seen["resources"] = [str(r.uri) for r in (await client.list_resources()).resources]
        seen["templates"] = [t.uri_template for t in (await client.list_resource_templates()).resource_templates]
        seen["brief"] = (await client.read_resource("kioku://brief")).contents[0].text
        seen["unknown"] = await refused(client.call_tool("nothing", {}))
        seen["absent"] = await refused(client.read_resource("kioku://nothing"))
        if mode != "legacy":
            async with client.listen(tools_list_changed=True):
                seen["listening"] = True
        if mode == "legacy":
            await client.send_ping()
    return seen


async def refused(call: Any) -> int:
    """The code of the protocol error that a call ends in."""
    try:
        await call
    except MCPError as error:
        return error.error.code
    return 0


print(json.dumps(asyncio.run(look(sys.argv[1], sys.argv[2:]))))
