"""What a draft must be before it is saved: whole, readable, within the limits of the format. Nothing is ever cut."""

from __future__ import annotations

from collections.abc import Iterable

from .. import wire
from ..clock import now as read_clock
from ..errors import BadInput, TooLarge
from ..model import Draft
from ..text.derive import is_placeholder
from .context import memory_type

# A record is at most 256 KiB; 16 KiB of that are kept for header, names and the small fields.
CONTENT_MAX = wire.RECORD_MAX - 16 * 1024  # bytes of UTF-8
SUBJECT_MAX = 300  # characters
SUMMARY_MAX = 4000
ENTRY_MAX = 500  # characters of one tag, file or reference
LIST_MAX = 50
REASON_MAX = 2000
LABEL_MAX = 300  # characters of a name: of an agent, a client, a session, a machine
DEFAULT_TYPE = "note"
DEFAULT_IMPORTANCE = 2


def check(draft: Draft) -> Draft:
    """The draft with blanks trimmed and defaults filled in. Raises BadInput or TooLarge."""
    content = text(draft.content, "content").strip()
    if not content:
        raise BadInput("there is nothing to save: the content is empty", "say what shall be remembered")
    if is_placeholder(content):
        raise BadInput(f"{content[:20]!r} is a placeholder, not a memory", "say what shall be remembered")
    if len(content) > CONTENT_MAX or len(content.encode()) > CONTENT_MAX:
        raise TooLarge(
            f"the content has {len(content.encode()):,} bytes; a memory holds at most {CONTENT_MAX:,}",
            "save what matters of it, or several memories; refer to the original with references or source_files",
            limit=CONTENT_MAX,
        )
    return draft._replace(
        content=content,
        subject=_line(draft.subject, "subject", SUBJECT_MAX),
        summary=_line(draft.summary, "summary", SUMMARY_MAX, several=True),
        project=project(draft.project),
        memory_type=DEFAULT_TYPE if draft.memory_type is None else memory_type(draft.memory_type),
        importance=_importance(draft.importance),
        tags=_list(draft.tags, "tags"),
        source_files=_list(draft.source_files, "source_files"),
        references=_list(draft.references, "references"),
        expires_at=_expiry(draft.expires_at),
    )


def project(value: str | None) -> str | None:
    """The name of a project as it is stored. Raises BadInput: an empty one is a mistake, not a wish for the default."""
    if value is not None and not value.strip():
        raise BadInput("the project is empty", "name one, or leave it out")
    return _line(value, "project", 200)


def text(value: str, name: str, limit: int | None = None) -> str:
    """Text that can be stored. Raises BadInput, and TooLarge beyond `limit` characters."""
    if "\0" in value:
        raise BadInput(f"the {name} contains a NUL character", "save text, not binary data")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadInput(f"the {name} is not valid Unicode text", "send UTF-8 without lone surrogates") from None
    if limit is not None and len(value) > limit:
        raise TooLarge(f"the {name} has {len(value):,} characters", f"keep it below {limit:,}")
    return value


def _line(value: str | None, name: str, limit: int, several: bool = False) -> str | None:
    if value is None:
        return None
    line = text(value, name).strip()
    if not line:
        return None
    if is_placeholder(line):
        raise BadInput(f"{line!r} is a placeholder, not a {name}", f"leave the {name} out, or say something")
    if len(line) > limit:
        raise TooLarge(f"the {name} has {len(line)} characters; at most {limit} fit", "put the rest into the content")
    if not several and len(line.splitlines()) > 1:
        raise BadInput(f"the {name} has several lines", "keep it to one line; put the rest into the content")
    return line


def _list(values: Iterable[str], name: str) -> tuple[str, ...]:
    if not values:
        return ()
    kept = dict.fromkeys(entry for entry in (text(value, name).strip() for value in values) if entry)
    if len(kept) > LIST_MAX:
        raise TooLarge(f"{len(kept)} {name} are too many; at most {LIST_MAX} fit", "keep the ones to search for")
    for value in kept:
        if len(value) > ENTRY_MAX or len(value.splitlines()) > 1:
            raise BadInput(f"not an entry of {name}: {value[:60]!r}…", f"one line of at most {ENTRY_MAX} characters")
        if name == "tags" and is_placeholder(value):
            raise BadInput(f"{value!r} is a placeholder, not a tag", "leave it out")
    return tuple(kept)


def _importance(value: int | None) -> int:
    if value is None:
        return DEFAULT_IMPORTANCE
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 5:
        raise BadInput(f"importance cannot be {str(value)[:20]}", "it is a whole number from 1 to 5")
    return value


def _expiry(value: int | None) -> int | None:
    if value is None:
        return None
    if not read_clock() < value < wire.INT_MAX:
        raise BadInput("the memory would expire before it is saved", "give a time in the future, or no expiry")
    return value
