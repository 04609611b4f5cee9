"""`serve.log`: bounded, private, and never a reason to fail."""

from __future__ import annotations

import io
import os
import stat
import threading
from pathlib import Path

from kioku_mesh.serve.log import Log
from support import needs


def test_what_the_level_asks_for_is_written(tmp_path: Path) -> None:
    """A line has a time, a level and the text; less important ones are left out; notes are always there."""
    log = Log(str(tmp_path / "serve.log"), "warning")
    log.error("one")
    log.warning("two")
    log.info("three")
    log.debug("four")
    log.note("five")
    log.close()
    lines = (tmp_path / "serve.log").read_text().splitlines()
    assert [line.split(maxsplit=2)[1:] for line in lines] == [["error", "one"], ["warning", "two"], ["note", "five"]]
    assert all(line[10] == "T" and line[19] == "Z" for line in lines)


@needs("posix")
def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    """Also the files that it leaves behind."""
    log = Log(str(tmp_path / "serve.log"), bytes=100)
    for _ in range(20):
        log.error("x" * 50)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_it_turns_over_and_keeps_a_few(tmp_path: Path) -> None:
    """No file is larger than it may be, the newest lines are in the first one, the oldest are gone."""
    log = Log(str(tmp_path / "serve.log"), bytes=200, kept=2)
    for number in range(100):
        log.error(f"line {number}")
    log.close()
    assert sorted(os.listdir(tmp_path)) == ["serve.log", "serve.log.1", "serve.log.2"]
    assert all(path.stat().st_size <= 200 for path in tmp_path.iterdir())
    whole = "".join((tmp_path / name).read_text() for name in ("serve.log.2", "serve.log.1", "serve.log"))
    numbers = [int(line.rpartition(" ")[2]) for line in whole.splitlines()]
    assert numbers == list(range(numbers[0], 100))
    assert numbers[0] > 50


def test_it_goes_on_with_the_file_that_is_there(tmp_path: Path) -> None:
    """The next process adds to it."""
    for text in ("one", "two"):
        log = Log(str(tmp_path / "serve.log"))
        log.note(text)
        log.close()
    assert len((tmp_path / "serve.log").read_text().splitlines()) == 2


def test_a_place_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    """Nor is a stream that is closed; whoever reads along still gets the lines."""
    stream, closed = io.StringIO(), io.StringIO()
    closed.close()
    Log(str(tmp_path / "none" / "serve.log"), echo=stream).error("told")
    Log(str(tmp_path / "serve.log"), echo=closed).error("told")
    assert stream.getvalue().endswith("told\n")
    assert (tmp_path / "serve.log").exists()


def test_a_line_is_one_line(tmp_path: Path) -> None:
    """Whatever steers a terminal, or would look like another line, is left out."""
    log = Log(str(tmp_path / "serve.log"))
    log.error("a\nb\x1b[31m" + "c" * 5000)
    (line,) = (tmp_path / "serve.log").read_text().splitlines()
    assert "a b [31mccc" in line
    assert len(line) < 1100


def test_threads_do_not_mix_their_lines(tmp_path: Path) -> None:
    """Every line is whole, and none is lost while files turn over."""
    log = Log(str(tmp_path / "serve.log"), bytes=4000, kept=50)
    threads = [threading.Thread(target=lambda: [log.error("y" * 40) for _ in range(200)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = [line for path in tmp_path.iterdir() for line in path.read_text().splitlines()]
    assert len(lines) == 800
    assert {line.split()[2] for line in lines} == {"y" * 40}
