"""A sentence encoder in a folder: the files that there may be, how tokens become a text, and what can be wrong with it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kioku_mesh.embedders.folder import TOKENS, Folder
from kioku_mesh.embedders.given import Choice
from kioku_mesh.store.meaning import Fault
from support import encoder


def opened(folder: Path, **said: str) -> Folder:
    return Folder(Choice(f"onnx:{folder}", "onnx", str(folder), **said))


def mean(*words: str, size: int = 48) -> list[float]:
    table = encoder.table(size)
    rows = [table[encoder.WORDS.index(word) + 1 if word in encoder.WORDS else 0] for word in words]
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)]


def test_the_mean_of_the_tokens_that_are_there(tmp_path: Path) -> None:
    """A short text beside a long one is not thinned by what fills it up."""
    folder = opened(encoder.make(tmp_path))
    made = folder.passages(["crates of cloves", "wallaby", ""], False)
    assert made[0] == pytest.approx(mean("crates", "of", "cloves"), abs=1e-5)
    assert made[1] == pytest.approx(mean("wallaby"), abs=1e-5)
    assert folder.query("The  WALLABY") == pytest.approx(mean("the", "wallaby"), abs=1e-5)


@pytest.mark.parametrize(("key", "word"), [("pooling_mode_cls_token", "crates"), ("pooling_mode_lasttoken", "cloves")])
def test_other_ways_to_make_one_of_many(tmp_path: Path, key: str, word: str) -> None:
    """As the files of the model say."""
    encoder.make(tmp_path)
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_mean_tokens": False, key: True}))
    made = opened(tmp_path).passages(["crates of cloves", "wallaby"], False)
    assert made[0] == pytest.approx(mean(word), abs=1e-5)
    assert made[1] == pytest.approx(mean("wallaby"), abs=1e-5)


def test_what_the_model_pools_itself_is_taken(tmp_path: Path) -> None:
    """One text at a time, since this one does not look at the mask."""
    folder = opened(encoder.make(tmp_path, pooled=True))
    assert folder.query("crates of cloves") == pytest.approx(mean("crates", "of", "cloves"), abs=1e-5)


def test_the_model_may_lie_where_it_is_usual(tmp_path: Path) -> None:
    """In `onnx`, or with its numbers made smaller; a whole one comes first."""
    encoder.make(tmp_path)
    (tmp_path / "onnx").mkdir()
    for place in ("onnx/model_quantized.onnx", "model_quantized.onnx", "onnx/model.onnx", "model.onnx"):
        shutil.copy(tmp_path / "model.onnx", tmp_path / "kept")
        (tmp_path / "model.onnx").rename(tmp_path / place)
        assert opened(tmp_path).query("wallaby") == pytest.approx(mean("wallaby"), abs=1e-5)
        (tmp_path / place).rename(tmp_path / "model.onnx")


def test_what_comes_before_a_text(tmp_path: Path) -> None:
    """What the settings say, else what the folder says, else nothing."""
    encoder.make(tmp_path)
    prompts = {"prompts": {"query": "quokka ", "document": "passage: "}}
    (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    folder = opened(tmp_path)
    assert folder.query("crates") == pytest.approx(mean("quokka", "crates"), abs=1e-5)
    assert folder.passages(["crates"], False)[0] == pytest.approx(mean("passage:", "crates"), abs=1e-5)
    folder = opened(tmp_path, query="query:", passage="of")
    assert folder.query("crates") == pytest.approx(mean("query:", "crates"), abs=1e-5)
    assert folder.passages(["crates"], False)[0] == pytest.approx(mean("of", "crates"), abs=1e-5)


def test_a_long_text_is_cut(tmp_path: Path) -> None:
    """At the number of tokens that the files say, or at the usual one."""
    encoder.make(tmp_path)
    long = " ".join(["crates"] * TOKENS + ["wallaby"] * 100)
    assert opened(tmp_path).query(long) == pytest.approx(mean("crates"), abs=1e-4)
    (tmp_path / "sentence_bert_config.json").write_text('{"max_seq_length": 2}')
    assert opened(tmp_path).query("crates of wallaby") == pytest.approx(mean("crates", "of"), abs=1e-5)


def test_another_model_is_another_embedder(tmp_path: Path) -> None:
    """Also in the same folder; what is wanted before a question changes nothing about memories."""
    before = opened(encoder.make(tmp_path)).made_by
    assert opened(encoder.make(tmp_path), query="query:").made_by == before
    assert opened(tmp_path, passage="passage:").made_by != before
    assert opened(encoder.make(tmp_path, pooled=True)).made_by != before
    shutil.copytree(encoder.make(tmp_path), tmp_path / "moved")
    assert opened(tmp_path / "moved").made_by == before


def test_whatever_is_wrong_with_it_is_told(tmp_path: Path) -> None:
    """No folder, files missing, damaged or of something else: a Fault that names the folder."""
    good = encoder.make(tmp_path / "good")
    cases = {
        "there is no folder": lambda folder: shutil.rmtree(folder),
        r"has no model\.onnx": lambda folder: (folder / "model.onnx").unlink(),
        r"has no tokenizer\.json": lambda folder: (folder / "tokenizer.json").unlink(),
        "cannot be used": lambda folder: (folder / "model.onnx").write_bytes(b"no model"),
        "cannot be used ": lambda folder: (folder / "tokenizer.json").write_text("{"),
        "is no sentence encoder": lambda folder: encoder.make(folder, extra_input="pixel_values"),
    }
    for at, (told, spoil) in enumerate(cases.items()):
        folder = tmp_path / f"case-{at}"
        shutil.copytree(good, folder)
        spoil(folder)
        with pytest.raises(Fault, match=told.strip()) as found:
            opened(folder).query("crates")
        assert str(folder) in str(found.value)


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    """In a process that has neither of the libraries, as an install without the extra leaves it."""
    program = (
        "import sys; sys.modules['onnxruntime'] = None\n"
        "from kioku_mesh.embedders.folder import Folder; from kioku_mesh.embedders.given import Choice\n"
        "from kioku_mesh.store.meaning import Fault\n"
        "try: Folder(Choice('n', 'onnx', sys.argv[1])).query('x')\n"
        "except Fault as problem: print(problem)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(encoder.make(tmp_path))], capture_output=True, text=True, check=True
    )
    assert "pip install 'kioku-mesh[onnx]'" in done.stdout
