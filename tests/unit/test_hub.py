"""hub: downloads from a real server on this machine, whole, resumed and checked; models of a local folder."""

import functools
import hashlib
import http.server
import sys
import threading

import corelib as T
import pytest

CONTENT = bytes(range(256)) * 3000


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves files with ranges and tags; breaks off where it is told to."""

    files: dict = {}
    tag = '"one"'
    breaks: list = []
    seen: list = []
    ranges = True

    def do_GET(self):
        type(self).seen.append(self.headers.get("Range"))
        content = self.files.get(self.path.partition("?")[0])
        if content is None:
            self.send_error(404)
            return
        start = 0
        wanted = self.headers.get("Range")
        if wanted and self.ranges and self.headers.get("If-Range") == self.tag:
            start = int(wanted[6:-1])
            if start >= len(content):
                self.send_error(416)
                return
            self.send_response(206)
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(content) - start))
        self.send_header("ETag", self.tag)
        self.end_headers()
        if type(self).breaks:
            self.wfile.write(content[start : start + type(self).breaks.pop()])
        else:
            self.wfile.write(content[start:])

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    handler = type("Mine", (Handler,), {"files": {"/a.bin": CONTENT}, "breaks": [], "seen": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        handler.url = f"http://127.0.0.1:{running.server_port}"
        yield handler
        running.shutdown()


@pytest.fixture(autouse=True)
def own_folder(tmp_path):
    T.hub.set_dir(tmp_path / "hub")
    yield
    T.hub._dir = None


def test_a_download_is_whole_and_leaves_nothing_beside(server, tmp_path, capsys):
    T.hub.download_url_to_file(server.url + "/a.bin", str(tmp_path / "a"), hashlib.sha256(CONTENT).hexdigest()[:8])
    assert (tmp_path / "a").read_bytes() == CONTENT and [p.name for p in tmp_path.iterdir()] == ["a"]
    assert capsys.readouterr().err == ""  # its progress is for terminals
    T.hub.download_url_to_file(server.url + "/a.bin", str(tmp_path / "b"), progress=False)
    assert capsys.readouterr().err == ""


def test_a_broken_download_goes_on_where_it_stopped(server, tmp_path):
    server.breaks = [300_000]
    with pytest.raises(RuntimeError, match="gave 300000 of 768000 bytes"):
        T.hub.download_url_to_file(server.url + "/a.bin", str(tmp_path / "a"), progress=False)
    assert not (tmp_path / "a").exists()
    T.hub.download_url_to_file(server.url + "/a.bin", str(tmp_path / "a"), progress=False)
    assert (tmp_path / "a").read_bytes() == CONTENT and server.seen == [None, "bytes=300000-"]


@pytest.mark.parametrize("change", ["tag", "ranges", "url", "shorter"])
def test_a_beginning_of_another_file_is_not_gone_on_with(server, tmp_path, change):
    server.breaks = [300_000]
    with pytest.raises(RuntimeError):
        T.hub.download_url_to_file(server.url + "/a.bin", str(tmp_path / "a"), progress=False)
    other, name = bytes(reversed(CONTENT)), "/a.bin"
    if change == "tag":
        server.tag = '"two"'
    elif change == "ranges":
        server.ranges = False
    elif change == "shorter":
        other = other[:1000]  # the same tag: the server says that the range is none of it
    else:
        name = "/b.bin"
    server.files = {name: other}
    T.hub.download_url_to_file(server.url + name, str(tmp_path / "a"), progress=False)
    assert (tmp_path / "a").read_bytes() == other


def test_a_wrong_hash_and_a_missing_file(server, tmp_path):
    with pytest.raises(RuntimeError, match='invalid hash value \\(expected "0000"'):
        T.hub.download_url_to_file(server.url + "/a.bin", str(tmp_path / "a"), "0000", progress=False)
    with pytest.raises(Exception, match="404"):
        T.hub.download_url_to_file(server.url + "/none", str(tmp_path / "a"), progress=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("zipped", [False, True])
def test_a_state_dict_is_downloaded_once(server, tmp_path, capsys, zipped):
    state = {"weight": T.arange(6.0).view(2, 3)}
    T.save(state, tmp_path / "saved")
    data = (tmp_path / "saved").read_bytes()
    if zipped:
        import io
        import zipfile

        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("model.pth", data)
        data = buffer.getvalue()
    name = f"/model-{hashlib.sha256(data).hexdigest()[:8]}.pth"
    server.files = {name: data}
    load = functools.partial(T.hub.load_state_dict_from_url, server.url + name + "?x=1", check_hash=True, progress=False)
    assert T.equal(load()["weight"], state["weight"]) and "Downloading" in capsys.readouterr().out
    server.files = {}
    assert T.equal(load(map_location="cpu", weights_only=True)["weight"], state["weight"]) and capsys.readouterr().err == ""
    assert [p.name for p in (tmp_path / "hub" / "checkpoints").iterdir()] == [name[1:]]
    with pytest.raises(Exception, match="404"):
        load(file_name="other")


def test_models_of_a_folder(tmp_path):
    folder = tmp_path / "repo"
    folder.mkdir()
    (folder / "parts_of_it.py").write_text("import corelib\ndef make(n): return corelib.nn.Linear(n, 1)\n")
    (folder / "hubconf.py").write_text(
        "dependencies = ['corelib']\nfrom parts_of_it import make as _make\ndef small(n=2, **kwargs):\n    'A small model.'\n    return _make(n)\n"
    )
    before = list(sys.path)
    assert T.hub.list(str(folder), source="local") == ["small"] and T.hub.help(str(folder), "small", source="local") == "A small model."
    assert T.hub.load(str(folder), "small", 3, source="local", pretrained=True).weight.shape == (1, 3)
    assert sys.path == before
    with pytest.raises(RuntimeError, match="Cannot find callable large"):
        T.hub.load(str(folder), "large", source="local")
    with pytest.raises(RuntimeError, match="no code from the network.*source=\"local\""):
        T.hub.load("owner/name", "small")
    with pytest.raises(ValueError, match="Unknown source"):
        T.hub.load("owner/name", "small", source="gitlab")
    with pytest.raises(FileNotFoundError, match="hubconf.py"):
        T.hub.list(str(tmp_path), source="local")
    (folder / "hubconf.py").write_text("dependencies = ['no_such_package']\n")
    with pytest.raises(RuntimeError, match="Missing dependencies: no_such_package"):
        T.hub.list(str(folder), source="local")


def test_the_folder(monkeypatch):
    T.hub._dir = None
    monkeypatch.setenv("TORCH_HOME", "/there")
    assert T.hub.get_dir() == "/there/hub"
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert T.hub.get_dir() == "/cache/torch/hub"
    T.hub.set_dir("~/x")
    assert T.hub.get_dir().endswith("/x") and "~" not in T.hub.get_dir()
