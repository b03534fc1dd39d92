"""Progress: drawn in a terminal, within its width; nothing elsewhere. The commands and downloads that take long all have it."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from corelib import progress
from corelib.progress import Progress, is_terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
_spec = spec_from_file_location("terminal", Path(__file__).with_name("terminal.py"))
terminal = module_from_spec(_spec)
_spec.loader.exec_module(terminal)

LOOP = """
import time
from corelib.progress import Progress
with Progress("counting", 20, "sheep", shown={shown}) as p:
    for i in range(20):
        time.sleep(0.02)
        p.update(note=f"number {{i}}")
print("done")
"""


def test_a_terminal_sees_one_line_that_is_drawn_anew():
    status, written = terminal.python(LOOP.format(shown=None))
    assert status == 0
    lines = written.rstrip().split("\n")
    assert lines[-1] == "done" and len(lines) == 2
    drawn = lines[0].split("\r")
    assert 2 <= len(drawn) <= 12  # ten times a second at most
    assert drawn[1].startswith("counting    0 %  |") and "0 of 20 sheep" in drawn[1]
    assert re.match(r"counting  100 %  \|#+\|  20 of 20 sheep  number 19 *$", drawn[-1])


@pytest.mark.parametrize("columns", [20, 40, 80, 300])
def test_it_keeps_within_the_terminals_width(columns):
    _, written = terminal.python(LOOP.format(shown=None), columns=columns)
    assert max(map(len, re.split("[\r\n]", written))) < columns


def test_elsewhere_nothing_is_written():
    done = subprocess.run([sys.executable, "-c", LOOP.format(shown=None)], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("done\n", "")
    assert terminal.python(LOOP.format(shown=False)) == (0, "done\n")
    assert terminal.python(LOOP.format(shown=None), TERM="dumb") == (0, "done\n")


@pytest.fixture
def screen(monkeypatch):
    """A stream in a terminal's place."""
    monkeypatch.setenv("COLUMNS", "60")
    return io.StringIO()


def on(screen, *arguments, **options):
    made = Progress(*arguments, **options)
    made.stream, made.shown = screen, True
    return made


def test_the_line_says_what_is_known(screen, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    with on(screen, "a.bin", 4_000_000, "MB", scale=1e6, start=1_000_000) as p:
        assert re.fullmatch(r"a\.bin   25 %  \|(#+) +\|  1\.0 of 4\.0 MB", p.line(50)) and len(p.line(50)) <= 50
        clock[0] += 10
        p.update(1_000_000)
        assert p.line(70).endswith("2.0 of 4.0 MB  0:20 left")
        assert p.line(10) == "a.bin  ..." and len(p.line(2)) == 2
    unknown = Progress("a.bin", None, "MB", scale=1e6)
    unknown.update(2_500_000)
    assert unknown.line(60) == "a.bin  2.5 MB"
    assert Progress("nothing", 0).line(60) == "nothing  0 of 0"


def test_more_than_was_announced_is_no_more_than_all(screen):
    with on(screen, "x", 2) as p:
        p.update(5)
        assert "100 %" in p.line(40) and "5 of 2" in p.line(40)


def test_a_terminal_that_goes_away_does_not_end_the_work(screen):
    with on(screen, "x", 3) as p:
        screen.close()
        time.sleep(0.11)
        p.update()
        assert p.done == 1 and not p.shown
    assert not is_terminal(screen) and not is_terminal(None)


def test_an_error_leaves_the_line_and_passes(screen):
    with pytest.raises(ValueError, match="stop"), on(screen, "x", 3) as p:
        p.update()
        raise ValueError("stop")
    assert screen.getvalue().endswith("\n") and "1 of 3" in screen.getvalue()


DOWNLOAD = """
import pathlib, sys, tempfile, corelib as torch
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "a.bin").write_bytes(b"x" * 3_000_000)
torch.hub.download_url_to_file((folder / "a.bin").as_uri(), folder / "b.bin"{progress})
"""


def test_downloads_show_theirs_in_a_terminal_only():
    status, written = terminal.python(DOWNLOAD.format(progress=""))
    assert status == 0 and "3.0 of 3.0 MB" in written and "b.bin  100 %" in written
    assert terminal.python(DOWNLOAD.format(progress=", progress=False")) == (0, "")
    done = subprocess.run([sys.executable, "-c", DOWNLOAD.format(progress="")], capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""


def test_the_conformance_command_shows_its_in_a_terminal_only():
    pytest.importorskip("corelib_conformance")
    command = (sys.executable, "-m", "corelib.cli", "conformance", "--device", "cpu", "--level", "1", "--op", "^neg$")
    status, written = terminal.in_terminal(*command, columns=100)
    assert status == 0 and re.search(r"\rconformance of cpu +100 %  \|#+\|  (\d+) of \1 cases", written), written
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "%" not in done.stderr and "\r" not in done.stdout
