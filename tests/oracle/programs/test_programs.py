"""The runner by a few programs of ours, and that the page says what the table says. The public programs need their mirrors: `python -m tests.oracle.programs`."""

import pytest

from tests.oracle.programs.page import CURVE, PAGE, page
from tests.oracle.programs.running import THEIRS, Absent, alone, compare, corelib, difference, mirror, prepare, pytorch, run
from tests.oracle.programs.table import HERE, PINS, RESULTS, Program, programs, read

OWN = [
    Program("own", "regression.py", arguments=["--epochs", "2"], losses=0),
    Program("own", "pictures.py", losses=5),
    Program("own", "letters.py", losses=0),
    Program("own", "by_hand.py", losses=0, printed=r"^\d+ ([\d.e+-]+)$"),
    Program("own", "letters.py", losses=3, float64=True),
]


@pytest.fixture(scope="module", autouse=True)
def served():
    yield
    pytorch.close()
    corelib.close()


@pytest.mark.parametrize("program", OWN, ids=lambda each: f"{each.file}{'-float64' if each.float64 else ''}")
def test_own_programs_have_pytorchs_curve(program, tmp_path):
    told = compare(program, HERE / "own", tmp_path)
    assert "stopped" not in told, told
    assert told["losses"] == {"regression.py": 8, "pictures.py": 5, "letters.py": 3 if program.float64 else 15, "by_hand.py": 20}[program.file]
    assert told["difference"] < (1e-12 if program.float64 else 1e-5)
    assert told["stands"] == (["torchvision"] if program.file == "pictures.py" else [])


def test_a_process_of_its_own_has_the_same_losses(tmp_path):
    assert compare(OWN[0], HERE / "own", tmp_path, fresh=True) == compare(OWN[0], HERE / "own", tmp_path)


def test_what_stops_a_program_is_told(tmp_path):
    program = Program("own", "stops.py", losses=0)
    folder = tmp_path / "stops"
    prepare(program, HERE / "own", folder)
    told = run(program, folder, alone)
    assert told["stopped"] == "ValueError: no more data" and told["losses"] == [1.0]
    assert compare(program, HERE / "own", tmp_path)["stopped"] == "by PyTorch too: ValueError: no more data"


def test_an_absent_mirror_is_named(tmp_path):
    with pytest.raises(Absent, match="no mirror of someone/something"):
        mirror("someone/something", tmp_path)


def test_difference_is_relative_to_the_loss_or_to_a_thousandth_of_the_largest():
    nan = float("nan")
    assert difference([2.0, 1.0], [2.0, 1.0]) == 0.0
    assert difference([2.2], [2.0]) == pytest.approx(0.1)
    assert difference([1000.0, 0.1], [1000.0, 0.0]) == pytest.approx(0.1)
    assert difference([nan], [nan]) == 0.0
    assert difference([nan], [1.0]) == difference([1.0], [nan]) == float("inf")


def test_page_is_that_of_the_table():
    assert PAGE.read_text() == page(), "python -m tests.oracle.programs --page writes it"


def test_at_least_a_hundred_programs_and_97_of_100_have_pytorchs_curve():
    pins, results = read(PINS), read(RESULTS)
    counted = {key: told for key, told in results.items() if not told.get("stopped", "").startswith(THEIRS)}
    assert sum(told.get("difference", 1.0) < CURVE for told in counted.values()) >= max(100, 0.97 * len(counted))
    rows = {each.key: each for each in programs()}
    assert set(results) <= {key for key, each in rows.items() if not each.apart}
    assert len(rows) == len(list(programs()))
    assert [key for key in results if len(pins[rows[key].repository]["files"][rows[key].file]) != 64] == []
