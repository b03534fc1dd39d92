"""The command as somebody meets it: alone, misspelt, and the quickstart in a terminal and out of one."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace

import pytest
from corelib import cli
from corelib.cli import curve, main

_spec = spec_from_file_location("terminal", Path(__file__).with_name("terminal.py"))
terminal = module_from_spec(_spec)
_spec.loader.exec_module(terminal)


def corelib(*arguments: str, code: int = 0) -> tuple[str, str]:
    done = subprocess.run([sys.executable, "-m", "corelib.cli", *arguments], capture_output=True, text=True, timeout=240)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout, done.stderr


def test_alone_it_is_a_page_that_leads_on():
    shown, errors = corelib()
    assert errors == ""
    for command in ("quickstart", "backends", "info", "new-backend", "conformance"):
        assert re.search(rf"^    {command} +\w", shown, re.M), command
    assert "first steps:\n  corelib quickstart " in shown and "import corelib as torch" in shown and "corelib COMMAND --help" in shown
    assert corelib("--help")[0] == shown


@pytest.mark.parametrize(
    ("typed", "meant"), [("quikstart", "quickstart"), ("backend", "backends"), ("Info", "info"), ("newbackend", "new-backend"), ("conform", "conformance")]
)
def test_an_unknown_command_is_told_the_near_one(typed, meant, capsys):
    with pytest.raises(SystemExit) as left:
        main([typed])
    assert left.value.code == 2
    assert f"there is no command {typed!r}; did you mean {meant!r}? (choose from 'quickstart', " in capsys.readouterr().err


def test_what_is_near_to_nothing_is_told_the_commands_and_a_program_how_it_is_run(capsys):
    for typed, said in (("xyzzy", "there is no command 'xyzzy' (choose from "), ("train.py", "python -m corelib.as_torch train.py")):
        with pytest.raises(SystemExit):
            main([typed])
        assert said in capsys.readouterr().err


def test_other_packages_commands_say_what_they_do_and_one_that_cannot_be_imported_is_still_listed(monkeypatch, capsys):
    def broken():
        raise ImportError("no")

    points = {"warm": SimpleNamespace(load=lambda: SimpleNamespace(HELP="make it warm"), dist=None),
              "cold": SimpleNamespace(load=broken, dist=SimpleNamespace(name="corelib-cold"))}  # fmt: skip
    monkeypatch.setattr(cli, "installed_modules", lambda group: points)
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"warm +make it warm", shown) and re.search(r"cold +from the package corelib-cold", shown)


def test_a_pipe_that_is_closed_early_and_an_interrupt_are_no_tracebacks(monkeypatch, capsys):
    reader = subprocess.Popen([sys.executable, "-c", "pass"], stdin=subprocess.PIPE)
    reader.wait()
    done = subprocess.run([sys.executable, "-m", "corelib.cli", "backends", "--json"], stdout=reader.stdin, stderr=subprocess.PIPE, text=True)
    reader.stdin.close()
    assert done.stderr == "" and done.returncode in (141, 120)

    def interrupted(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_run", interrupted)
    assert main(["quickstart"]) == 130
    assert "corelib quickstart: interrupted" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--epochs", "0"], "'0' is no whole number from 1 on"), (["--epochs", "two"], "'two' is no whole number"), (["--batch-size", "1"], "from 2 on"),
     (["--lr", "-1"], "'-1' is no number above 0"), (["--save", "no/such/folder/x.pth"], "there is no folder"), (["--save", "."], "'.' is a folder")],
)  # fmt: skip
def test_the_quickstart_refuses_wrong_options_before_it_begins(options, said, capsys):
    with pytest.raises(SystemExit) as left:
        main(["quickstart", *options])
    assert left.value.code == 2
    assert said in capsys.readouterr().err


def test_the_quickstart_says_what_it_does_and_shows_its_curve(tmp_path):
    pytest.importorskip("sklearn", reason="the digits are scikit-learn's: pip install 'corelib[examples]'")
    shown, errors = corelib("quickstart", "--epochs", "2", "--batch-size", "4", "--save", str(tmp_path / "digits.pth"))
    lines = shown.splitlines()
    assert errors == "" and max(map(len, lines[:5])) <= 80
    assert lines[0].startswith("A small network learns to read handwritten digits, is tested on some")
    assert any(re.fullmatch(r"718 steps of [\d.]+ ms: about (a second|\d+ (seconds|minutes)) on this machine.", line) for line in lines[3:6])
    at = lines.index("Loss, on a logarithmic scale")
    assert all(re.fullmatch(r" *[\d.e+-]* \|[* ]*", line) for line in lines[at + 1 : at + 9])
    assert lines[at + 10].strip() == "718 steps"
    assert lines[-7] == "Next:" and [line.split()[0] for line in lines[-6::2]] == ["corelib", "corelib", "python"]
    picture = ET.parse(tmp_path / "digits_loss.svg").getroot()
    points = picture.find("{http://www.w3.org/2000/svg}polyline").get("points").split()
    assert len(points) == 240 and (tmp_path / "digits.pth").stat().st_size > 50_000


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
@pytest.mark.parametrize("columns", [44, 100])
def test_the_quickstart_fits_a_terminal_and_draws_one_line_while_it_trains(columns):
    pytest.importorskip("sklearn", reason="the digits are scikit-learn's: pip install 'corelib[examples]'")
    status, written = terminal.in_terminal(sys.executable, "-m", "corelib.cli", "quickstart", "--epochs", "1", columns=columns)
    assert status == 0
    assert re.search(r"\rtraining +100 %.*1 of 1 epochs", written)
    drawn = [line for line in written.splitlines() if re.match(r" *[\d.]* \|[* ]", line)]
    assert len(drawn) == 8 and max(map(len, drawn)) < min(columns, 81)


def test_curves_are_drawn_within_their_width():
    values = [10 / (i + 1) for i in range(500)]
    for width in (12, 30, 79):
        lines = curve.as_text(values, "500 steps", width, 6).splitlines()
        assert len(lines) == 8 and all(len(line) <= width for line in lines[:-1])
        stars = [line.find("*") for line in lines[:6] if "*" in line]
        assert len(stars) >= 3 and stars == sorted(stars)  # it falls from left to right
    assert curve.as_text([3.0], "one", 20, 2).splitlines()[:2] == ["3 |", "3 |*"]
    assert curve.heights([0.0, 0.0]) == [0.0, 0.0]
    ET.fromstring(curve.as_svg(values, "a < b & c", "steps"))
