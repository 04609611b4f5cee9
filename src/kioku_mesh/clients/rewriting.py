"""Changing one file of a client: read, edit as text, show, back up, replace; and taking a change back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..config import Config
from ..errors import BadInput, NotAvailable
from ..values import NamedTuple
from . import edit, files, ledger
from .edit import Change, Damaged, Unfit

_BOM = "\ufeff"


class Part(NamedTuple):
    """What one client gets in one file. `holds`: does what a file says have something of ours of this kind in it?

    `start` is what a new file begins with, `mode` its permissions: in a project others read it too.
    """

    client: str
    name: str  # "rules", "hooks", "server NAME"
    file: str
    form: str
    changes: tuple[Change, ...]
    holds: Callable[[Any], bool]
    start: str = ""
    mode: int = 0o600


class Sheet(NamedTuple):
    """A file as it was read: its bytes (None: it is not there), and its text without a byte order mark."""

    content: bytes | None
    bom: str
    text: str


def read(file: str) -> Sheet:
    """Raises NotAvailable, BadInput for what is no UTF-8."""
    content = files.read_bytes(file)
    try:
        text = (content or b"").decode("utf-8")
    except UnicodeDecodeError as error:
        line = (content or b"").count(b"\n", 0, error.start) + 1
        raise _refused(file, Damaged("it is not UTF-8", line)) from None
    bom = _BOM if text.startswith(_BOM) else ""
    return Sheet(content, bom, text.removeprefix(_BOM))


def parse(form: str, file: str) -> Any:
    """What a file says, None if nothing or there is none. Raises NotAvailable, BadInput."""
    try:
        return edit.parse(form, read(file).text)
    except Unfit as error:
        raise _refused(file, error) from None


def _refused(file: str, error: Unfit) -> BadInput:
    where = f"line {error.line}: " if error.line else ""
    if isinstance(error, Damaged):
        return BadInput(f"{file} is damaged: {where}{error.problem}", "repair it or move it away; nothing was changed")
    return BadInput(
        f"{file} was left as it is: {where}{error.problem}",
        "change it by hand; kioku-mesh mcp install --client json shows how",
    )


def difference(file: str, old: str, new: str) -> str:
    """A unified diff."""
    import difflib

    return "\n".join(difflib.unified_diff(old.splitlines(), new.splitlines(), file, file, lineterm=""))


def preview(part: Part) -> str:
    """The diff of the file. Raises NotAvailable, BadInput."""
    sheet = read(part.file)
    return difference(part.file, sheet.text, _revised(part, sheet))


def rewrite(config: Config, part: Part) -> str | None:
    """Make the changes; answers the copy that was kept. Raises NotAvailable, BadInput, DiskFull."""
    return _with_patience(part, lambda sheet: _rewrite(config, part, sheet))


def take_back(config: Config, part: Part) -> str | None:
    """Take out what is ours: to the byte as it was if nobody else changed the file, else our entry alone. Raises as `rewrite`."""
    return _with_patience(part, lambda sheet: _take_back(config, part, sheet))


def preview_back(config: Config, part: Part) -> str:
    """The diff of taking it out."""
    sheet = read(part.file)
    return difference(part.file, sheet.text, _without(config, part, sheet)[0] or "")


def forget(config: Config, part: Part) -> None:
    """Note that a part which somebody else took out is gone. Raises NotAvailable."""
    note = ledger.read(part.file, config.state_dir)
    if part.name in note.parts:
        left = tuple(name for name in note.parts if name != part.name)
        ledger.write(note._replace(parts=left, steps=()), config.state_dir)


def is_noted(config: Config, file: str, name: str) -> bool:
    """Whether we put this part into the file and have not taken it out again."""
    return name in ledger.read(file, config.state_dir).parts


def _with_patience(part: Part, attempt: Callable[[Sheet], str | None]) -> str | None:
    for _ in range(2):
        try:
            return attempt(read(part.file))
        except files.Raced:
            continue
    raise NotAvailable(f"{part.file} was changed by another program at the same time", "end it, then run this again")


def _revised(part: Part, sheet: Sheet) -> str:
    try:
        return edit.revised(part.form, sheet.text, part.changes, part.start)
    except Unfit as error:
        raise _refused(part.file, error) from None


def _rewrite(config: Config, part: Part, sheet: Sheet) -> str | None:
    text = _revised(part, sheet)
    content = _encoded(part, sheet.bom + text)
    if content == sheet.content:
        return None
    backup = files.keep_copy(part.client, part.file, sheet.content, config.state_dir)
    one = ledger.step(part.name, (sheet.content, sheet.text), (content, text))
    made = _missing(part, sheet)
    note = ledger.with_step(ledger.read(part.file, config.state_dir), one, created=sheet.content is None, made=made)
    # first the note: one that is ahead of its file is noticed, one that is behind would be believed
    ledger.write(note, config.state_dir)
    folders = files.replace(part.file, sheet.content, content, part.mode)
    if folders:
        ledger.write(note._replace(folders=(*folders, *note.folders)), config.state_dir)
    return backup


def _encoded(part: Part, text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        odd = ascii(error.object[error.start : error.end])
        raise BadInput(
            f"{odd} cannot be written into {part.file}", "install it where the path can be written as UTF-8"
        ) from None


def _missing(part: Part, sheet: Sheet) -> list[tuple[str, ...]]:
    """The tables and lists that our entries need and that are not there."""
    missing: list[tuple[str, ...]] = []
    for change in part.changes:
        node = edit.parse(part.form, sheet.text)
        for depth, key in enumerate(change.keys, 1):
            node = node.get(key) if isinstance(node, dict) else None
            if node is None:
                missing.append(change.keys[:depth])
    return list(dict.fromkeys(missing))


def _take_back(config: Config, part: Part, sheet: Sheet) -> str | None:
    text, note = _without(config, part, sheet)
    if sheet.content is None or text == sheet.text:
        return None
    backup = files.keep_copy(part.client, part.file, sheet.content, config.state_dir)
    if text is None:
        files.remove(part.file, sheet.content)
        files.remove_folders(list(note.folders))
    else:
        files.replace(part.file, sheet.content, (sheet.bom + text).encode("utf-8"))
    ledger.write(note, config.state_dir)
    return backup


def _without(config: Config, part: Part, sheet: Sheet) -> tuple[str | None, ledger.Note]:
    """The text without our part, None if the file should go with it; and what the ledger then says."""
    taken = _revised(part, sheet)
    note = ledger.read(part.file, config.state_dir)
    if taken == sheet.text:
        return taken, note
    left = tuple(name for name in note.parts if name != part.name)
    back = _undone(note.steps, part, sheet)
    if back:
        text, steps = back
        gone = note.steps[len(steps)].before == ""
        return (None if gone else text), note._replace(parts=left, steps=steps)
    taken = edit.without_empty(part.form, taken, note.made)
    ours = note.created or "kioku-mesh" in part.file.replace("\\", "/").rpartition("/")[2]
    bare = taken.strip() == part.start.strip() or edit.parse(part.form, taken) in (None, {}, [])
    return (None if ours and bare else taken), note._replace(parts=left, steps=())


def _undone(steps: Sequence[ledger.Step], part: Part, sheet: Sheet) -> tuple[str, tuple[ledger.Step, ...]] | None:
    """The text before our last steps and the steps that are left, if the file is as they left it and then free of us."""
    text, now, rest = sheet.text, ledger.digest(sheet.content), list(steps)
    while rest and rest[-1].part == part.name and rest[-1].after == now:
        last = rest.pop()
        text, now = ledger.reversed_text(text, last), last.before
        if now != ledger.digest((sheet.bom + text).encode("utf-8") if now else None):
            return None
    if len(rest) == len(steps) or part.holds(edit.parse(part.form, text)):
        return None
    return text, tuple(rest)
