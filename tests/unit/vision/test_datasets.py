"""Data sets that are fetched from a server of this machine's, folders, and what is said where something is missing."""

import gzip
import hashlib
import http.server
import struct
import threading

import corelib as torch
import corelib.vision as vision
import numpy as np
import pytest

datasets = vision.datasets


class Handler(http.server.BaseHTTPRequestHandler):
    files: dict[str, bytes] = {}

    def do_GET(self):
        hops = self.path.removeprefix("/hop/")
        if hops != self.path:
            self.send_response(302)
            self.send_header("Location", f"/hop/{int(hops) - 1}" if int(hops) else "/a.txt")
            self.end_headers()
            return
        body = self.files.get(self.path[1:])
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *told):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(Handler, "files", {"a.txt": b"some text"})
    serving = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{serving.server_port}/"
    serving.shutdown()
    thread.join()
    serving.server_close()


def md5(data):
    return hashlib.md5(data).hexdigest()


def test_a_file_is_fetched_once_and_checked(server, tmp_path, capsys):
    datasets.utils.download_url(f"{server}a.txt", tmp_path / "deep", md5=md5(b"some text"))
    assert (tmp_path / "deep" / "a.txt").read_bytes() == b"some text" and not capsys.readouterr().err  # no terminal
    Handler.files.clear()
    datasets.utils.download_url(f"{server}a.txt", tmp_path / "deep", md5=md5(b"some text"))
    Handler.files["a.txt"] = b"another text"
    with pytest.raises(RuntimeError, match="File not found or corrupted"):
        datasets.utils.download_url(f"{server}a.txt", tmp_path, filename="b", md5=md5(b"some text"))
    with pytest.raises(OSError, match="404"):
        datasets.utils.download_url(f"{server}none", tmp_path)
    assert not (tmp_path / "none").exists() and not list(tmp_path.glob("*.partial"))


def test_redirections_are_followed_so_far(server, tmp_path):
    datasets.utils.download_url(f"{server}hop/2", tmp_path, "a")
    assert (tmp_path / "a").read_bytes() == b"some text"
    with pytest.raises(RecursionError, match="exceeded 3 redirects"):
        datasets.utils.download_url(f"{server}hop/3", tmp_path, "b")


def idx(array):
    return struct.pack(">HBB", 0, 8, array.ndim) + b"".join(struct.pack(">I", n) for n in array.shape) + array.tobytes()


def test_mnist_is_downloaded_from_the_first_mirror_that_has_it(server, tmp_path, monkeypatch):
    images = np.arange(2 * 28 * 28, dtype=np.uint8).reshape(2, 28, 28)
    files = [gzip.compress(idx(images if n % 2 == 0 else np.array([3, 7], np.uint8)), mtime=0) for n in range(4)]
    names = [name for name, _ in datasets.MNIST.resources]
    Handler.files.update(zip(names, files))
    monkeypatch.setattr(datasets.MNIST, "resources", [(name, md5(data)) for name, data in zip(names, files)])
    monkeypatch.setattr(datasets.MNIST, "mirrors", [f"{server}nowhere/", server])
    digits = datasets.MNIST(tmp_path, download=True, train=False)
    assert digits.data.tolist() == images.tolist() and digits.targets.tolist() == [3, 7] and digits[1][1] == 7 and digits[0][0].size == (28, 28)
    assert sorted(path.name for path in (tmp_path / "MNIST" / "raw").iterdir()) == sorted([*names, *(name[:-3] for name in names)])
    monkeypatch.setattr(datasets.MNIST, "mirrors", [f"{server}nowhere/"])
    datasets.MNIST(tmp_path, download=True)
    with pytest.raises(RuntimeError, match=f"Error downloading {names[0]}:\nTried {server}nowhere/, got:\n.*404"):
        datasets.MNIST(tmp_path / "other", download=True)


def test_what_is_missing_is_said(tmp_path, monkeypatch):
    for make in (datasets.MNIST, datasets.CIFAR10, datasets.SVHN, datasets.STL10, datasets.Caltech101, datasets.MovingMNIST):
        with pytest.raises(RuntimeError, match="Dataset not found.* download=True to download it"):
            make(tmp_path)
    with pytest.raises(RuntimeError, match="pip install gdown"):
        datasets.utils.download_url("https://drive.google.com/file/d/abc/view", tmp_path)
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    monkeypatch.setitem(__import__("sys").modules, "PIL.Image", None)
    with pytest.raises(ImportError, match=r'FakeData needs Pillow, which is not installed: pip install "corelib\[vision\]"'):
        datasets.FakeData()[0]


def test_an_archive_writes_nothing_outside_of_its_folder(tmp_path):
    import io
    import tarfile

    with tarfile.open(tmp_path / "bad.tar", "w") as archive:
        member = tarfile.TarInfo("../outside")
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    (tmp_path / "in").mkdir()
    with pytest.raises(tarfile.TarError):
        datasets.utils.extract_archive(tmp_path / "bad.tar", tmp_path / "in")
    assert not (tmp_path / "outside").exists()


def test_a_folder_of_classes(tmp_path):
    for name in ("b", "a"):
        (tmp_path / name).mkdir()
        vision.io.write_png(torch.full((3, 2, 3), ord(name), dtype=torch.uint8), tmp_path / name / "1.png")
    pictures = datasets.ImageFolder(tmp_path, transform=np.asarray)
    assert pictures.classes == ["a", "b"] and pictures.targets == [0, 1] and len(pictures) == 2
    assert pictures[1][0].shape == (2, 3, 3) and pictures[1][0].max() == ord("b")
    images = datasets.DatasetFolder(tmp_path, vision.io.read_image, (".png",))
    batch, targets = next(iter(torch.utils.data.DataLoader(images, batch_size=2)))
    assert batch.shape == (2, 3, 2, 3) and batch.dtype is torch.uint8 and targets.tolist() == [0, 1]
