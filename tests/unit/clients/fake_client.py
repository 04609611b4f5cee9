"""Stands in for `claude`: `mcp add`, `remove` and `get` as that does, and the failures it may have.

FAULT: `add` fails, `remove` fails, `get` fails, `lie` (says it is done, writes nothing), `spoil` (writes nonsense).
Every call is appended to the file CALLS.
"""

import json
import os
import sys


def main() -> int:
    program, words = os.path.basename(sys.argv[0]), sys.argv[1:]
    fault = os.environ.get("FAULT", "")
    with open(os.environ["CALLS"], "a", encoding="utf-8") as calls:
        calls.write(json.dumps([program, *words]) + "\n")
    if fault == words[1]:
        print(f"Error: {program} cannot {words[1]}\n\nStack backtrace:\n  0: <unknown>", file=sys.stderr)
        return 1
    return claude(words[1], words[2:], fault)


def claude(verb: str, words: list[str], fault: str) -> int:
    scope = words[words.index("-s") + 1] if "-s" in words else "user"
    home = os.environ.get("CLAUDE_CONFIG_DIR") or os.environ["HOME"]
    path = os.path.join(home, ".claude.json") if scope == "user" else ".mcp.json"
    content = read(path, json.loads)
    servers = content.setdefault("mcpServers", {})
    if verb == "add":
        name, environment, command = added(words, "-e")
        if name in servers:
            print(f"MCP server {name} already exists", file=sys.stderr)
            return 1
        servers[name] = {"type": "stdio", "command": command[0], "args": command[1:], "env": environment}
    elif verb == "get":  # in any scope
        found = any(words[0] in read(file, json.loads).get("mcpServers", {}) for file in (path, ".mcp.json"))
        return 0 if found else 1
    elif (name := words[-1]) not in servers:
        print(f"No MCP server named {name}", file=sys.stderr)
        return 1
    else:
        del servers[name]
    content["changes"] = content.get("changes", 0) + 1
    write(path, json.dumps(content, indent=2), fault)
    return 0


def added(words: list[str], option: str) -> tuple[str, dict[str, str], list[str]]:
    end = words.index("--")
    pairs = [words[i + 1].split("=", 1) for i in range(end) if words[i] == option]
    taken = {i for i in range(end) if words[i] in (option, "-s") or (i and words[i - 1] in (option, "-s"))}
    (name,) = [words[i] for i in range(end) if i not in taken]
    return name, dict(pairs), words[end + 1 :]


def read(path: str, parse):
    try:
        with open(path, encoding="utf-8") as stream:
            return parse(stream.read())
    except FileNotFoundError:
        return {}


def write(path: str, text: str, fault: str) -> None:
    if fault != "lie":
        with open(path, "w", encoding="utf-8") as stream:
            stream.write("spoilt" if fault == "spoil" else text)


sys.exit(main())
