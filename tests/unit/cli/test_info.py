"""`corelib info`: what it says, and that nothing that goes wrong keeps it from saying the rest."""

import json
import platform
import sys
from types import SimpleNamespace

import corelib
import numpy
import pytest
from corelib.cli import info, main
from corelib.dispatcher.plugins.manager import BackendInfo


def shown(capsys, *options):
    assert main(["info", *options]) == 0
    return capsys.readouterr().out


def test_the_versions_and_devices_are_those_that_are_here(capsys, monkeypatch):
    monkeypatch.setenv("CORELIB_BACKEND_CPU", "corelib-cpu-numpy")
    monkeypatch.setenv("A_SECRET", "hidden")
    facts = json.loads(shown(capsys, "--json"))
    versions = facts["versions"]
    assert (versions["corelib"], versions["NumPy"]) == (corelib.__version__, numpy.__version__)
    assert versions["Python"] == f"CPython {platform.python_version()} ({sys.executable})"
    assert "corelib-cpu-numpy" in versions and versions["system"]
    assert facts["devices"]["cpu"]["devices"] == ["cpu"] and facts["devices"]["cpu"]["provider"].startswith("corelib-cpu-numpy ")
    assert facts["threads"]["of an operation on the cpu"] == corelib.get_num_threads()
    assert facts["environment"]["CORELIB_BACKEND_CPU"] == "corelib-cpu-numpy"
    assert "hidden" not in json.dumps(facts)


def test_the_text_has_the_same_and_says_at_its_end_what_to_send(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    text = shown(capsys)
    titles = [line for line in text.splitlines() if line and line[0] != " "]
    assert titles[:3] == ["Versions", "Devices", "Threads"] or titles[:4] == ["Versions", "Devices", "Kernel packs", "Threads"]
    assert "Environment" in titles
    assert "With a bug report, send all of this" in text.split("\n\n")[-1]
    assert max(len(line) for line in text.splitlines() if "(" not in line) <= 70


class Quits:
    """A plugin's part that ends the program, as some do."""

    def __getattr__(self, name):
        raise SystemExit(f"no {name}")


def raises(error):
    def function(*args, **kwargs):
        raise error

    return function


@pytest.mark.parametrize("error", [OSError("no such file"), SystemExit(3), RecursionError(), ValueError("two\nlines")], ids=lambda e: type(e).__name__)
@pytest.mark.parametrize(
    ("place", "name"),
    [
        (info, "found"), (info, "installed_modules"), (info, "get_num_threads"), (info.collect_env, "installed_packages"), (info.collect_env, "get_os"),
        (info.collect_env, "get_cpu_info"), (info, "_numpy"), (info, "status"), (info, "dtypes_text"), (info.platform, "libc_ver"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)  # fmt: skip
def test_whatever_raises_is_a_line_that_says_so_beside_the_others(capsys, monkeypatch, place, name, error):
    monkeypatch.setattr(place, name, raises(error))
    for options in ((), ("--json",)):
        text = shown(capsys, *options)
        assert f"could not be found out: {type(error).__name__}" in text.replace("\n", " ") or "could not be found out" in " ".join(text.split())
        assert "With a bug report" in text
        assert corelib.__version__ in text or name == "installed_packages"


def test_a_device_that_raises_when_asked_is_a_line_of_its_own(capsys, monkeypatch):
    backends = [BackendInfo("acme", "corelib-acme", "2", True, "", {"float32": "native"}, ["acme:0 (Roadrunner)"], {"memory_info": True})]
    monkeypatch.setattr(info, "found", lambda: (backends, []))
    monkeypatch.setattr(info, "Device", lambda name: SimpleNamespace(runtime=SimpleNamespace(backend=Quits())))
    facts = json.loads(shown(capsys, "--json"))
    assert facts["devices"]["acme"]["acme:0"] == "could not be found out: SystemExit: no device_facts"
    assert facts["devices"]["acme"]["devices"] == ["acme:0 (Roadrunner)"]
    backend = SimpleNamespace(device_facts=lambda index: {"cores": 4}, memory_info=lambda index: (3 << 30, 4 << 30))
    monkeypatch.setattr(info, "Device", lambda name: SimpleNamespace(runtime=SimpleNamespace(backend=backend)))
    assert json.loads(shown(capsys, "--json"))["devices"]["acme"]["acme:0"] == {"cores": 4, "memory": "3.0 GiB free of 4.0"}


def test_packages_add_their_own_facts(capsys, monkeypatch):
    good = SimpleNamespace(load=lambda: SimpleNamespace(facts=lambda: {"compiler": "cc 12", "cache": "3 texts"}))
    bad = SimpleNamespace(load=raises(ImportError("libacme.so")))
    monkeypatch.setattr(info, "installed_modules", lambda group: {"C kernels of the cpu": good, "acme": bad})
    text = shown(capsys)
    assert "C kernels of the cpu\n  compiler  cc 12\n  cache     3 texts" in text
    assert "Acme\n  could not be found out: ImportError: libacme.so" in text


def test_an_interrupt_ends_it(monkeypatch, capsys):
    monkeypatch.setattr(info, "found", raises(KeyboardInterrupt()))
    assert main(["info"]) == 130
    assert "corelib info: interrupted" in capsys.readouterr().err
