"""The edge of the process: failures become `error:` and `hint:` on stderr and an exit status, never a traceback."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from ..errors import AnswerLost, BadInput, DiskFull, Internal, KiokuError

INTERRUPTED = 130


class ReaderLeft(Exception):
    """Whoever reads our output has seen enough. (A BrokenPipeError would be caught by click, as a failure.)"""


def guarded(command: Callable[[], Any], arguments: Sequence[str], verbose: Callable[[], bool]) -> int:
    """The exit status of `command`. A failure is written to stderr, with `--json` among the arguments as an object too.

    `verbose`: whether the traceback of a defect is wanted; asked only when there is one.
    """
    try:
        _prepare_streams()
        _check_encoding(arguments)
        status = command()
        with answering():
            sys.stdout.flush()
        return int(status or 0)
    except KeyboardInterrupt:
        _write_error("interrupted\n")
        return INTERRUPTED
    except (BrokenPipeError, ReaderLeft):
        _silence()
        return 0
    except Exception as error:  # noqa: BLE001  the edge of the process
        failure = _as_failure(error)
        if isinstance(failure, Internal) and verbose():
            _write_traceback()
        _report(failure, wants_json(arguments))
        _drain()
        return failure.exit_status


@contextmanager
def answering() -> Iterator[None]:
    """Around the writing of what a command answers: if that fails, what it did is done all the same."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise AnswerLost(
            f"the command was carried out, but its answer could not be written: {error.strerror}",
            "see what it did with `kioku-mesh list` or `kioku-mesh status` before you run it again",
        ) from None


def wants_json(arguments: Sequence[str]) -> bool:
    """Also for arguments that do not parse."""
    options = list(arguments)
    if "--" in options:
        del options[options.index("--") :]
    return "--json" in options or "--format=json" in options or ("--format", "json") in pairwise(options)


def _prepare_streams() -> None:
    """What we write is UTF-8, except on a terminal that says otherwise, and never fails for a character."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # started with the stream closed
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            encoding = None if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def _check_encoding(arguments: Sequence[str]) -> None:
    try:
        "".join(arguments).encode()
    except UnicodeEncodeError:
        raise BadInput("the command line is not valid UTF-8", "check the encoding of the terminal or script") from None


def _as_failure(error: Exception) -> KiokuError:
    if isinstance(error, KiokuError):
        return error
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return DiskFull("no space left on the device", "free some space and run the command again")
    return Internal(
        f"internal: {type(error).__name__}: {error}",
        "this is a defect of kioku-mesh: KIOKU_MESH_LOG=debug shows where, please report it",
    )


def _write_traceback() -> None:
    import traceback

    _write_error(traceback.format_exc())


def _report(failure: KiokuError, as_json: bool) -> None:
    text = f"error: {shown(failure.message)}\n"
    for candidate in failure.details.get("candidates", ()):
        text += f"  {candidate['observation_id']}  {shown(candidate['subject'])}\n"
    if failure.hint:
        text += f"hint: {shown(failure.hint)}\n"
    if as_json:
        import json

        text += json.dumps({"error": failure.as_json()}, ensure_ascii=False) + "\n"
    _write_error(text)


def shown(text: str) -> str:
    """The text with everything that steers a terminal made visible: a message may quote what somebody else stored."""
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)


def _write_error(text: str) -> None:
    """Write to stderr; if nobody listens there either, the exit status still tells."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        _silence()


def _drain() -> None:
    """Write out what a command printed before it failed."""
    try:
        sys.stdout.flush()
    except OSError:
        _silence()


def _silence() -> None:
    """Point both streams at nothing, so that the interpreter does not complain about them when it ends."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nothing, stream.fileno())
