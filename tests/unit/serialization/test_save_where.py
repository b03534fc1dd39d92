"""Where save() writes: what a path names keeps its other names, its owner and its rights, and open files stay those files."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
import tempfile
import threading
import traceback

import corelib as torch
import pytest
from corelib.serialization import replace_file
from corelib.serialization.safetensors import load_file, save_file

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names of open files, owners and sticky folders are Linux's here")

NEW = {"x": torch.arange(5)}
NOBODY = 65534


def is_new(path):
    return torch.load(path)["x"].tolist() == [0, 1, 2, 3, 4]


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory() as made:
        os.chmod(made, 0o777)
        yield made
        os.chmod(made, 0o777)


def as_nobody(function):
    """Run in a forked child without root's rights, where there are any; its traceback, or None."""
    back, there = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            function()
        except BaseException:
            os.write(there, traceback.format_exc().encode())
        os._exit(0)
    os.close(there)
    with os.fdopen(back, "rb") as answer:
        found = answer.read().decode()
    os.waitpid(pid, 0)
    return found or None


def left(folder):
    return sorted(name for name in os.listdir(folder) if name.endswith(".tmp"))


def test_a_file_in_memory_is_written_by_its_descriptors_name():
    descriptor = os.memfd_create("model")
    os.write(descriptor, b"old" * 5000)
    for name in (f"/proc/self/fd/{descriptor}", f"/dev/fd/{descriptor}", f"/proc/{os.getpid()}/fd/{descriptor}"):
        torch.save(NEW, name)
        assert is_new(name) and not [n for n in os.listdir("/") if "memfd" in n]
        os.lseek(descriptor, 0, os.SEEK_SET)
        assert is_new(io.BytesIO(os.read(descriptor, 1 << 20)))
        os.ftruncate(descriptor, 3)
    os.close(descriptor)


def test_a_deleted_file_is_written_by_its_descriptors_name(folder):
    path = os.path.join(folder, "x.pt")
    with open(path, "w+b") as file:
        os.unlink(path)
        torch.save(NEW, f"/proc/self/fd/{file.fileno()}")
        file.seek(0)
        assert is_new(file) and os.listdir(folder) == []


def test_an_open_file_stays_that_file(folder):
    path = os.path.join(folder, "x.pt")
    with open(path, "w+b") as file:
        torch.save(NEW, f"/dev/fd/{file.fileno()}")
        assert is_new(path) and os.path.samestat(os.stat(path), os.fstat(file.fileno()))


def test_hard_links_stay_together(folder):
    a, b = os.path.join(folder, "a.pt"), os.path.join(folder, "b.pt")
    torch.save([1] * 10000, a)
    os.link(a, b)
    torch.save(NEW, a)
    assert is_new(a) and is_new(b) and os.path.samefile(a, b) and not left(folder)
    save_file({"y": torch.ones(2)}, b)
    assert load_file(a)["y"].tolist() == [1, 1]


def test_symbolic_links_stay(folder):
    a, b = os.path.join(folder, "a.pt"), os.path.join(folder, "b.pt")
    os.symlink("a.pt", b)
    for _ in range(2):  # a link to nothing, and to a file
        torch.save(NEW, b)
        assert os.path.islink(b) and is_new(a) and not os.path.islink(a)


def test_standard_output_may_be_a_pipe_or_a_file(folder):
    script = "import corelib as torch; torch.save({'x': torch.arange(5)}, '/dev/stdout')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=120, check=True)
    assert is_new(io.BytesIO(done.stdout))
    path = os.path.join(folder, "x.pt")
    with open(path, "wb") as file:
        subprocess.run([sys.executable, "-c", script], stdout=file, timeout=120, check=True)
        assert is_new(path) and os.path.samestat(os.stat(path), os.fstat(file.fileno()))


def test_a_named_pipe_is_written_directly(folder):
    path, got = os.path.join(folder, "pipe"), []
    os.mkfifo(path)

    def read():
        with open(path, "rb") as pipe:
            got.append(pipe.read())

    reader = threading.Thread(target=read)
    reader.start()
    torch.save(NEW, path)
    reader.join(60)
    assert is_new(io.BytesIO(got[0])) and stat.S_ISFIFO(os.stat(path).st_mode)


@pytest.mark.parametrize("error", [OSError(16, "Device or resource busy"), PermissionError(1, "Operation not permitted")])
def test_a_mounted_file_is_copied_over(folder, monkeypatch, error):
    path = os.path.join(folder, "x.pt")
    torch.save([1] * 10000, path)
    before = os.stat(path)

    def busy(source, target):
        raise error

    monkeypatch.setattr(os, "replace", busy)
    torch.save(NEW, path)
    assert is_new(path) and os.path.samestat(os.stat(path), before) and not left(folder)


def test_a_writable_file_in_an_unwritable_folder(folder):
    path = os.path.join(folder, "x.pt")
    torch.save([1] * 10000, path)
    os.chmod(path, 0o666)
    os.chmod(folder, 0o555)
    assert as_nobody(lambda: torch.save(NEW, path)) is None
    assert is_new(path) and stat.S_IMODE(os.stat(path).st_mode) == 0o666


def test_a_writable_file_of_another_in_a_sticky_folder(folder):
    path = os.path.join(folder, "x.pt")
    torch.save([1] * 10000, path)
    os.chmod(path, 0o666)
    os.chmod(folder, 0o1777)
    before = os.stat(path)
    assert as_nobody(lambda: torch.save(NEW, path)) is None
    after = os.stat(path)
    assert is_new(path) and (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid) and not left(folder)


def test_a_folder_that_cannot_be_read(folder):
    path = os.path.join(folder, "x.pt")
    os.chmod(folder, 0o333)
    assert as_nobody(lambda: torch.save(NEW, path)) is None
    assert is_new(path)


def test_a_file_that_cannot_be_written_and_a_new_one_in_an_unwritable_folder_are_errors(folder):
    path = os.path.join(folder, "x.pt")
    torch.save([1], path)
    os.chmod(path, 0o444)
    assert "PermissionError: save(): " in as_nobody(lambda: torch.save(NEW, path))
    os.chmod(folder, 0o555)
    assert "PermissionError" in as_nobody(lambda: torch.save(NEW, path + "2"))
    assert torch.load(path) == [1]


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give files away")
def test_the_owner_and_the_rights_of_a_file_stay(folder):
    path = os.path.join(folder, "x.pt")
    torch.save([1] * 10000, path)
    os.chown(path, NOBODY, 12345)
    os.chmod(path, 0o640)
    torch.save(NEW, path)
    after = os.stat(path)
    assert is_new(path) and (after.st_uid, after.st_gid, stat.S_IMODE(after.st_mode)) == (NOBODY, 12345, 0o640)


def test_extended_attributes_stay(folder):
    path = os.path.join(folder, "x.pt")
    torch.save([1], path)
    try:
        os.setxattr(path, "user.note", b"mine")
    except OSError:
        pytest.skip("this file system has none")
    torch.save(NEW, path)
    assert is_new(path) and os.getxattr(path, "user.note") == b"mine"


@pytest.mark.parametrize("name", ["x/", "x/.", "none/x", "none/../x", "file/", "file/x"])
def test_paths_that_name_no_file_are_errors(folder, name):
    with open(os.path.join(folder, "file"), "wb") as file:
        file.write(b"old")
    with pytest.raises(RuntimeError, match=r"save\(\): Parent directory .* does not exist|is a directory"):
        torch.save(NEW, os.path.join(folder, name))
    assert os.listdir(folder) == ["file"]
    with open(os.path.join(folder, "file"), "rb") as file:
        assert file.read() == b"old"


@pytest.mark.parametrize("links", [1, 2])
def test_what_was_there_stays_where_writing_fails(folder, links):
    path = os.path.join(folder, "x.pt")
    torch.save(NEW, path)
    if links == 2:
        os.link(path, path + "2")
    with pytest.raises(Exception, match="pickle"):
        torch.save([torch.ones(1000), lambda: 0], path)
    assert is_new(path) and not left(folder)


def test_an_interrupt_while_a_file_is_copied_over_leaves_all_of_it(folder, monkeypatch):
    path = os.path.join(folder, "x.pt")
    torch.save([1], path)
    os.link(path, path + "2")
    copy, calls = replace_file._copy, []

    def interrupted(file, over, size):
        calls.append(size)
        if len(calls) == 1:
            over.write(b"part")
            raise KeyboardInterrupt
        copy(file, over, size)

    monkeypatch.setattr(replace_file, "_copy", interrupted)
    with pytest.raises(KeyboardInterrupt):
        torch.save(NEW, path)
    assert is_new(path) and len(calls) == 2


# Other threads, and objects that only look like files


def test_a_checkpoint_saved_while_another_thread_trains_loads(folder):
    model = torch.nn.Sequential(torch.nn.Linear(300, 300), torch.nn.Linear(300, 300))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    path, stop = os.path.join(folder, "x.pt"), threading.Event()

    def train():
        x = torch.randn(16, 300)
        while not stop.is_set():
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()

    thread = threading.Thread(target=train)
    thread.start()
    try:
        for _ in range(200):
            torch.save(model.state_dict(), path)
            assert set(torch.load(path)) == set(model.state_dict())
    finally:
        stop.set()
        thread.join(60)


class Odd(io.BytesIO):
    def __init__(self, answer, content=b""):
        super().__init__(content)
        self.answer = answer

    def write(self, data):
        return self.answer

    def readinto(self, target):
        return self.answer


@pytest.mark.parametrize("answer", [0, -1, 1 << 60])
def test_a_file_that_writes_nothing_is_an_error(answer):
    with pytest.raises(OSError, match=rf"write\(\) of Odd returned {answer} for \d+ bytes"):
        torch.save(NEW, Odd(answer))


def test_a_write_that_says_nothing_has_taken_all():
    file = Odd(None)
    torch.save(NEW, file)


@pytest.mark.parametrize("answer", [-1, 1 << 60])
def test_a_file_that_reads_impossible_counts_is_an_error(answer):
    whole = io.BytesIO()
    torch.save(NEW, whole)
    with pytest.raises(OSError, match=rf"readinto\(\) of Odd returned {answer} for \d+ bytes"):
        torch.load(Odd(answer, whole.getvalue()))


def test_an_error_names_the_path_that_was_given() -> None:
    with pytest.raises(FileNotFoundError, match="/dev/fd/9876'"):
        torch.save([torch.ones(2)], "/dev/fd/9876")
