"""What an agent is told at an event."""

from __future__ import annotations

from contextlib import closing

from ..clock import now
from ..service.memory import Memory
from ..store.usage import Usage
from . import capture, events, transcript
from .events import Event

BRIEF_TOKENS, REMINDER_TOKENS = 600, 300
_TOLD_APART = 40  # characters of a prompt
_AFTER_COMPACTION = (
    "The conversation was just compacted. If decisions, causes or rules were found in it that are not saved yet, save them"
    " now with save_observation, one memory each."
)


def tell(memory: Memory, event: Event) -> str:
    """The text for the agent; "" is the normal answer to a prompt. Nothing is ever told at the end of anything: a client takes
    that as a wish to go on."""
    if event.session and memory.store.exists() and not _is_first(memory, event):
        return ""
    if event.name == events.START:
        told = memory.brief(budget=BRIEF_TOKENS).text
        return f"{told}\n{_AFTER_COMPACTION}" if event.source == "compact" else told
    if event.name == events.PROMPT:
        return memory.remind(event.prompt, REMINDER_TOKENS).text
    if memory.config.get("capture") == "review" and (file := transcript.file_of(event, memory.config)):
        capture.queue(memory.config, event._replace(transcript=file))
    return ""


def _is_first(memory: Memory, event: Event) -> bool:
    told = (
        events.COMPACT if event.source == events.COMPACT else ""
    )  # right after it was resumed a session may be compacted
    with closing(Usage(memory.config.state_dir)) as usage:
        return usage.is_first(event.session or "", event.name + told + event.prompt[:_TOLD_APART], now())
