"""The programs of docs/datasets.md that need files or optional packages run, and make what they say. Its other examples are doctests."""

from __future__ import annotations

import re
import wave
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[3] / "docs" / "datasets.md"
PROGRAMS = [block for block in re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S) if ">>>" not in block]


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{i},{'' if i == 2 else i / 2},{'red' if i % 2 else 'white'},{i > 3}\n" for i in range(8))
    Path("wines.csv").write_text("acid,sugar,colour,good\n" + rows)
    Path("book.txt").write_text("a naïve cat and a naïve dog\n" * 40, encoding="utf-8")
    for name, frames in (("no/1", 300), ("yes/1", 500)):
        Path(f"spoken/{name}.wav").parent.mkdir(parents=True)
        with wave.open(f"spoken/{name}.wav", "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(bytes(range(100)) * (frames // 50))


def run(word):
    (program,) = [program for program in PROGRAMS if word in program]
    found: dict[str, object] = {}
    exec(compile(program, str(PAGE), "exec"), found)
    return found


def test_a_table(files):
    pytest.importorskip("pandas")
    found = run("wines.csv")
    assert found["train"].feature_names == ["acid", "sugar", "sugar is missing", "colour=red", "colour=white"]
    assert len(found["test"]) == 2 and found["test"].targets.tolist() == [1, 1] and Path("encoding.pt").exists()


def test_byte_pairs(files):
    pytest.importorskip("tokenizers")
    found = run("book.txt")
    assert found["pairs"].decode(found["windows"][0][0]).startswith("a naïve") and Path("pairs.json").exists()


def test_audio(files):
    found = run("AudioFolder")
    assert found["batch"].shape == (2, 16, 12) and found["lengths"].tolist() == [10, 16] and found["spoken"].classes == ["no", "yes"]
    assert found["batch"][0, 10:].min() == found["batch"][0, 10:].max() == found["features"].silence


def test_no_other_program_is_there():
    assert len(PROGRAMS) == 3
