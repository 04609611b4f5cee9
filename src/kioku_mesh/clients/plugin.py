"""The plugin of OpenCode, which has no hooks: one file that calls us where others have hooks.

It is written on request alone: a folder of plugins can make OpenCode's start slow.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..patterns import pattern
from .edit import TAKEN, Change

LABEL, FORM = "kioku-mesh", "javascript"

_PROGRAM = pattern(r'^const PROGRAM = (".*")$', 8)  # re.MULTILINE

# The brief stands in the system prompt, which is made anew for each request: it is asked for once in a session.
_CODE = """\
// Tells the model what kioku-mesh remembers. Whatever goes wrong, it says nothing.
import { execFile } from "node:child_process"

const PROGRAM = %s
const LIMIT_MS = 2000

async function ask(event, told) {
  let program, timer
  try {
    const out = await new Promise((resolve) => {
      timer = setTimeout(resolve, LIMIT_MS, "")
      const words = ["hook", event, "--client", "%s"]
      program = execFile(PROGRAM, words, { windowsHide: true }, (_error, out) => resolve(out))
      program.stdin.on("error", () => {})
      program.stdin.end(JSON.stringify(told))
    })
    return JSON.parse(out).hookSpecificOutput.additionalContext
  } catch {
    return ""
  } finally {
    clearTimeout(timer)
    program?.kill("SIGKILL")
  }
}

const quietly = (hook) => async (input, output) => {
  try {
    await hook(input, output)
  } catch {}
}

export const KiokuMesh = async ({ directory }) => {
  const briefs = new Map()
  return {
    "experimental.chat.system.transform": quietly(async ({ sessionID }, { system }) => {
      if (!sessionID) return
      if (!briefs.has(sessionID)) briefs.set(sessionID, ask("session-start", { session_id: sessionID, cwd: directory }))
      const brief = await briefs.get(sessionID)
      if (brief) system.push(brief)
    }),
    "chat.message": quietly(async ({ sessionID }, { message, parts }) => {
      const written = parts.filter((part) => part.type === "text" && !part.synthetic)
      const prompt = written.map((part) => part.text).join("\\n")
      const text = prompt && (await ask("prompt", { session_id: sessionID, cwd: directory, prompt }))
      if (!text) return
      const id = `${parts.at(-1).id}k` // they are told in the order of their ids
      parts.push({ id, sessionID, messageID: message.id, type: "text", text, synthetic: true })
    }),
  }
}"""


def change(program: str, client: str) -> Change:
    """Set the plugin that calls `program`, or take it out if that is ""."""
    return Change((), LABEL, _CODE % (json.dumps(program), client) if program else TAKEN)


def holds(content: Any) -> bool:
    return isinstance(content, Mapping) and LABEL in content


def program_of(content: Any) -> str:
    """The program that the plugin calls; "" if there is none."""
    found = _PROGRAM.search(content[LABEL]) if holds(content) else None
    try:
        return str(json.loads(found[1])) if found else ""
    except ValueError:
        return ""
