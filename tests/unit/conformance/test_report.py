"""The report: its schema, the page and the badge made from it alone, the diff, and what a browser makes of the page."""

import json
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

pytest.importorskip("corelib_conformance", reason="a distribution of its own: pip install -e tests/conformance")
from corelib_conformance import report

from .data import made


class Matrix(HTMLParser):
    """Reads the matrix back: for each op the states of its cells and what they tell."""

    def __init__(self):
        super().__init__()
        self.rows, self._inside, self._cells, self._head, self.title = {}, False, None, False, ""

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "table":
            self._inside = attrs.get("id") == "matrix"
        if not self._inside:
            return
        if tag == "th" and attrs.get("scope") == "row":
            self._head = True
        if tag == "td":
            self._cells.append(("", ""))
        if tag == "button":
            self._cells[-1] = (attrs["data-state"], attrs["title"])

    def handle_data(self, data):
        if self._head:
            self._head, self._cells = False, self.rows.setdefault(data, [])


def read(text):
    parser = Matrix()
    parser.feed(text)
    return parser.rows


def test_a_report_is_written_as_json_page_and_badge_and_read_again(tmp_path):
    data = made()
    paths = report.write(tmp_path / "new" / "folder", data)
    assert sorted(p.name for p in paths) == ["badge.svg", "report.html", "report.json"]
    assert report.read(tmp_path / "new" / "folder" / "report.json") == json.loads(json.dumps(data))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda d: d.update(schema="other/1"), "other/1"),
        (lambda d: d.pop("levels"), "no field 'levels'"),
        (lambda d: d.update(seed="0"), "'seed' is a str"),
        (lambda d: d["results"][0].update(status="fine"), "no known status"),
        (lambda d: d["results"][0].pop("message"), "message"),
    ],
)
def test_what_is_no_report_is_refused_with_the_reason(spoil, told):
    data = made()
    spoil(data)
    with pytest.raises(ValueError, match=told):
        report.validate(data)


def test_the_page_holds_the_matrix_and_the_reasons():
    data = made()
    rows = read(report.page(data))
    assert set(rows) == set(data["manifest"])
    assert all(len(cells) == 10 for cells in rows.values())
    order = list(data["declared"])
    assert rows["add"][order.index("float32")][0] == "kernel"
    state, tells = rows["exp"][order.index("float16")]
    assert state == "failed" and "2/forward/exp/float16/forward: fail" in tells and "worst error over bound 7.500" in tells
    state, tells = rows["add"][order.index("float64")]
    assert state == "unsupported" and "no float64" in tells
    assert rows["exp"][order.index("int64")] == ("", "")


def test_what_a_backend_says_cannot_break_the_page():
    data = made()
    data["results"][0].update(status="fail", message="<script>alert(1)</script>")
    data["device"]["title"] = '"><img src=x onerror=alert(1)>'
    text = report.page(data)
    assert "<script>alert" not in text and "<img" not in text and "&lt;script&gt;alert" in text


def test_the_page_needs_nothing_from_elsewhere():
    text = report.page(made())
    assert "http://" not in text and "https://" not in text and "src=" not in text and "@import" not in text


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({}, "level 5 of 5"), ({"level_reached": 2}, "level 2 of 5"), ({"level_reached": -1}, "no level"), ({"tier": "ftz"}, "level 5 of 5 (ftz)"),
        ({"selection": {"level": 1, "op": None, "case": None}}, "partial run"),
    ],
)
def test_the_badge_says_the_level(change, text):
    assert f">{text}<" in report.badge({**made(), "level_reached": 5, **change})


def test_a_diff_lists_regressions_first(tmp_path, capsys):
    before, after = made(), made()
    after["results"][1].update(status="fail", message="now wrong")
    after["results"][2].update(status="unsupported")
    before["results"][3].update(status="crash")
    gone = after["results"].pop()
    after["level_reached"] = before["level_reached"] - 1
    found = report.changes(before, after)
    assert [c.kind for c in found] == ["regression", "regression", "regression", "fix", "gone"]
    assert {c.id for c in found if c.kind == "gone"} == {gone["id"]}
    for name, data in (("a", before), ("b", after)):
        (tmp_path / f"{name}.json").write_text(json.dumps(data))
    assert report.print_diff(tmp_path / "a.json", tmp_path / "b.json") == 1
    assert "3 regression, 1 fix" in capsys.readouterr().out
    assert report.print_diff(tmp_path / "a.json", tmp_path / "a.json") == 0
    (tmp_path / "c.json").write_text("{")
    assert report.print_diff(tmp_path / "a.json", tmp_path / "c.json") == 2
    assert "is no report" in capsys.readouterr().err


CHROMIUM = next((p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_shows_the_matrix(tmp_path, width):
    report.write(tmp_path, made())
    common = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--window-size={width},1200", f"--user-data-dir={tmp_path / 'profile'}"]
    url = (tmp_path / "report.html").as_uri()
    shown = subprocess.run([*common, "--dump-dom", url], capture_output=True, text=True, timeout=120, check=True).stdout
    assert read(shown) == read((tmp_path / "report.html").read_text())
    assert '<div class="find">' in shown  # the script has run
    picture = tmp_path / "page.png"
    subprocess.run([*common, f"--screenshot={picture}", url], capture_output=True, timeout=120, check=True)
    assert picture.stat().st_size > 10_000
