"""Plugins that are installed for real: what works, and what each kind of broken one says while others go on working."""

import json

import pytest
from corelib.dispatcher.plugins.manager import entries

# One program meets every broken device type, and uses two good ones after each.
MEETS_ALL = """
import json, sys
import corelib

told = {}
for name in sys.argv[1:]:
    try:
        corelib.ones(2, device=name)
        told[name] = None
    except RuntimeError as error:
        told[name] = [type(error).__name__, str(error), type(error.__cause__).__name__]
    good = (corelib.ones(2, device="good") + corelib.ones(2, device="good")).cpu()
    assert good.tolist() == (corelib.ones(2) + 1).tolist() == [2.0, 2.0], name
print(json.dumps(told))
"""
INSTALLED = "is installed but unavailable: "

# device type -> (distribution, parts of the message, the type of what the plugin raised)
BROKEN = {
    "noimport": ("raises-on-import 0.1", ["cannot be imported: ImportError: libquantum.so.7"], "ImportError"),
    "exitimport": ("raises-on-import 0.1", ["cannot be imported: SystemExit: usage: quantum"], "SystemExit"),
    "nomodule": ("raises-on-import 0.1", ["'corelib_test_no_such_module' cannot be imported"], "ModuleNotFoundError"),
    "noprobe": ("raises-on-probe 0.2", ["its hook corelib_probe raised OSError: ioctl failed"], "OSError"),
    "nodriver": ("raises-on-probe 0.2", [INSTALLED + "no driver found; install quantum-driver 7 or later"], "NoneType"),
    "oddprobe": ("raises-on-probe 0.2", ["corelib_probe must return a corelib.backend.Probe, got 'yes'"], "NoneType"),
    "noload": ("raises-on-load 0.3", ["corelib_backend raised RuntimeError: clInitialize returned -6"], "RuntimeError"),
    "exitload": ("raises-on-load 0.3", ["its hook corelib_backend raised SystemExit: 3"], "SystemExit"),
    "nodevices": ("raises-on-load 0.3", ["it found no device of this type on this machine"], "NoneType"),
    "nocount": ("raises-on-load 0.3", ["device_count raised OSError: cannot list devices"], "OSError"),
    "recursive": ("raises-on-load 0.3", ["its plugin uses the device while it is being loaded"], "BackendError"),
    "future": (
        "wrong-api 2.0",
        ["written for plugin API 2.0", "has plugin API 1.0", "pip install --upgrade corelib)", "for plugin API 1"],
        "NoneType",
    ),
    "past": (
        "wrong-api 2.0",
        ["written for plugin API 0.9", "has plugin API 1.0", "pip install --upgrade corelib-test-wrong-api)"],
        "NoneType",
    ),
    "newer": ("wrong-api 2.0", ["written for plugin API 1.7", "pip install --upgrade corelib)"], "NoneType"),
    "versionless": ("wrong-api 2.0", ["api_version must be two ints such as (1, 0), got '1.0'"], "NoneType"),
    "nohooks": ("nonsense 0.5", ["module 'corelib_test_nonsense.empty' has no hook corelib_backend"], "NoneType"),
    "unmarked": ("nonsense 0.5", ["has a function corelib_backend, but not marked", "write @hookimpl"], "NoneType"),
    "badhook": ("nonsense 0.5", ["corelib_test_nonsense:bad_hook", "{'device'}"], "PluginValidationError"),
    "strangehook": ("nonsense 0.5", ["unknown hook 'corelib_initialize'"], "PluginValidationError"),
    "nobackend": ("nonsense 0.5", ["must return a corelib.backend.Backend, got 7"], "NoneType"),
    "othertype": ("nonsense 0.5", ["device_type (='something'), but its entry point is for 'othertype'"], "NoneType"),
    "incomplete": ("nonsense 0.5", ["raised TypeError", "allocate", "synchronize"], "TypeError"),
    "badstrided": ("nonsense 0.5", ["strided (='often'); accepted are 'any', 'contiguous'"], "NoneType"),
    "baddtypes": ("nonsense 0.5", ["dtypes['float33']", "accepted are corelib's dtypes by name"], "NoneType"),
    "nodtypes": ("nonsense 0.5", ["must say in `dtypes`", "got {}"], "NoneType"),
    "badkernel": ("nonsense 0.5", ["kernels for no op of corelib: 'tahn'"], "NoneType"),
    "notable": ("nonsense 0.5", ["must return a KernelTable, got {}"], "NoneType"),
}  # fmt: skip
ABSENT = {
    "cuda": ['no installed package provides it', 'pip install "corelib[cuda]"', "cpu, ", "good"],
    "opencl": ['no installed package provides it', 'pip install "corelib[opencl]"'],
    "xpu": ["Device types installed here: ", "entry point named 'xpu' in the group 'corelib.backends'"],
}  # fmt: skip
# This environment may have corelib's own backends for them.
ABSENT = {d: said for d, said in ABSENT.items() if d not in {e.device_type for e in entries()}}
UNKNOWN = ("quantum", "Bad-Name", "good:x", "")


@pytest.fixture(scope="module")
def told(plugins, request):
    """What using each broken, absent and unknown device type says, from one program."""
    import os
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore:Missing primitives", "-c", MEETS_ALL, *BROKEN, *ABSENT, *UNKNOWN, "twin"],
        capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(plugins)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("device_type", BROKEN)
def test_a_broken_backend_is_an_error_that_names_its_package_and_the_cause(told, device_type):
    provider, parts, cause = BROKEN[device_type]
    kind, message, raised = told[device_type]
    assert kind == "BackendError"
    assert message.startswith(f"device {device_type!r}: its backend corelib-test-{provider} {INSTALLED}")
    assert [part for part in parts if part not in message] == []
    assert "\n" not in message
    assert raised == cause


@pytest.mark.parametrize("device_type", ABSENT)
def test_a_backend_that_is_not_installed_is_an_error_that_says_what_to_install(told, device_type):
    kind, message, _ = told[device_type]
    assert kind == "NoDeviceError"
    assert message.startswith(f"Torch not compiled with {device_type.upper()} enabled: device {device_type!r}: ")
    assert [part for part in ABSENT[device_type] if part not in message] == []


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_name_that_is_no_device_type_is_refused_by_device_itself(told, name):
    kind, message, _ = told[name]
    assert kind == "RuntimeError"
    assert name in message
    assert "device()" in message


def test_two_backends_for_one_device_type_are_an_error_that_names_both_and_the_way_out(told):
    kind, message, _ = told["twin"]
    assert kind == "BackendError"
    assert "corelib-test-duplicate-a 0.4, corelib-test-duplicate-b 0.4" in message
    assert "CORELIB_BACKEND_TWIN=corelib-test-duplicate-a" in message


@pytest.mark.parametrize("chosen", ["corelib-test-duplicate-b", "Corelib_Test.Duplicate_B"])
def test_the_environment_chooses_between_two_backends(run, chosen):
    shown = run(
        "import corelib; from corelib.dispatcher.plugins import manager as plugins\n"
        "print((corelib.ones(2, device='twin') + 1).tolist(), plugins.load('twin').device_name(0))",
        CORELIB_BACKEND_TWIN=chosen,
    )
    assert shown == "[2.0, 2.0] b\n"


@pytest.mark.parametrize(
    ("device_type", "provides"), [("twin", "-a, corelib-test-duplicate-b"), ("good", "corelib-test-good")]
)
def test_a_choice_of_what_does_not_provide_the_device_is_an_error_even_with_one_provider(run, device_type, provides):
    shown = run(
        f"import corelib\ntry:\n  corelib.ones(1, device='{device_type}')\nexcept RuntimeError as e: print(e)",
        **{f"CORELIB_BACKEND_{device_type.upper()}": "other"},
    )
    assert f"CORELIB_BACKEND_{device_type.upper()} chooses 'other'" in shown
    assert provides in shown


def test_importing_corelib_and_naming_a_device_load_no_plugin_and_no_plugin_machinery(run):
    shown = run(
        "import sys, corelib\n"
        "machinery = {'pluggy', 'importlib_metadata', 'numpy', 'corelib.dispatcher.plugins.manager', 'corelib.contract.backend'}\n"
        "print(sorted(machinery & set(sys.modules)))\n"
        "corelib.device('good:1'); corelib.device('noimport')\n"
        "from corelib.dispatcher.plugins import manager as plugins\n"
        "print({e.device_type for e in plugins.entries()} > {'good', 'noimport', 'twin', 'cpu'})\n"
        "print([m for m in sys.modules if m.startswith(('corelib_test', 'corelib_cpu'))])\n"
        "corelib.ones(1, device='good')\n"
        "print([m for m in sys.modules if m.startswith(('corelib_test', 'corelib_cpu'))])\n"
    )
    assert shown.splitlines() == ["[]", "True", "[]", "['corelib_test_good', 'corelib_test_good.backend']"]


def test_threads_that_use_a_device_first_at_once_load_it_once(run):
    shown = run(
        "import threading, time, corelib\n"
        "from corelib_test_good.backend import GoodBackend\n"
        "made = []\n"
        "def slowly(self): made.append(self); time.sleep(0.2)\n"
        "GoodBackend.__init__ = slowly\n"
        "from corelib.dispatcher.plugins import manager as plugins\n"
        "found = []\n"
        "threads = [threading.Thread(target=lambda: found.append(plugins.load('good'))) for _ in range(8)]\n"
        "for t in threads: t.start()\n"
        "for t in threads: t.join()\n"
        "print(len(found), len(set(map(id, found))), len(made), (corelib.ones(1, device='good') + 1).tolist())\n"
    )
    assert shown == "8 1 1 [2.0]\n"


def test_a_failure_is_tried_again_on_the_next_use(run):
    shown = run(
        "import corelib, corelib_test_raises_on_probe.absent as plugin\n"
        "from corelib.backend import Probe\n"
        "from corelib_test_good.backend import GoodBackend\n"
        "def attempt():\n"
        "    try: print(corelib.ones(1, device='nodriver').tolist())\n"
        "    except RuntimeError as error: print(error)\n"
        "attempt()\n"
        "from corelib.backend import hookimpl\n"
        "plugin.corelib_probe = hookimpl(lambda: Probe(True))\n"
        "class Now(GoodBackend): device_type = 'nodriver'\n"
        "plugin.corelib_backend = hookimpl(lambda: Now())\n"
        "attempt()\n"
    )
    assert "no driver found" in shown
    assert shown.endswith("\n[1.0]\n")


def test_a_keyboard_interrupt_passes_and_the_device_can_be_asked_again(run):
    shown = run(
        "import os, corelib\n"
        "try: corelib.ones(1, device='interrupted')\n"
        "except KeyboardInterrupt: print('interrupted')\n"
        "del os.environ['CORELIB_TEST_INTERRUPT']\n"
        "try: corelib.ones(1, device='interrupted')\n"
        "except RuntimeError as error: print(error)\n"
        "print(corelib.ones(1, device='good').tolist(), corelib.ones(1).tolist())\n",
        CORELIB_TEST_INTERRUPT="1",
    )
    first, second, third = shown.splitlines()
    assert first == "interrupted"
    assert "nobody pressed Ctrl-C" in second
    assert third == "[1.0] [1.0]"


def test_a_device_index_that_is_not_there_is_an_error_with_those_that_are(run):
    shown = run("import corelib\ntry: corelib.ones(1, device='good:2')\nexcept RuntimeError as error: print(error)")
    assert "good:2" in shown
    assert "the good backend has 2 devices, good:0 to good:1" in shown


def test_unreadable_metadata_of_one_package_hides_no_other(run, tmp_path):
    (tmp_path / "ruined-1.0.dist-info").mkdir()
    (tmp_path / "ruined-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: ruined\nVersion: 1.0\n")
    (tmp_path / "ruined-1.0.dist-info" / "entry_points.txt").write_text("[corelib.backends]\nruined corelib_ruined\n")
    (tmp_path / "nameless-1.0.dist-info").mkdir()
    (tmp_path / "nameless-1.0.dist-info" / "entry_points.txt").write_text("[corelib.backends]\nnameless = no_such\n")
    shown = run(
        "import corelib\n"
        "print(corelib.ones(1, device='good').tolist(), corelib.ones(1).tolist())\n"
        "for b in corelib.backends.list():\n"
        "    if b.provider.startswith(('ruined', 'nameless')): print(b.provider, b.available, b.reason)\n",
        path=[tmp_path],
    )
    lines = shown.splitlines()
    assert lines[0] == "[1.0] [1.0]"
    assert [line.split(" (")[0] for line in lines[1:]] == [
        "nameless-1.0.dist-info False its metadata", "ruined False its metadata",
    ]  # fmt: skip
    assert all("cannot be read" in line for line in lines[1:])


def test_a_plugin_cannot_take_the_meta_device(run):
    shown = run(
        "import corelib\n"
        "print(corelib.ones(2, device='meta').shape)\n"
        "print([(b.provider, b.available, b.reason) for b in corelib.backends.list() if b.device_type == 'meta'])"
    )
    size, rows = shown.splitlines()
    assert size == "torch.Size([2])"
    assert "('corelib', True, '')" in rows
    assert "('corelib-test-nonsense', False, \"the device type 'meta' is built into corelib" in rows


def test_the_command_lists_every_plugin_with_the_reason_why_it_cannot_be_used(run):
    shown = json.loads(run("-m", "corelib.cli", "backends", "--json"))
    rows = {b["device_type"]: b for b in shown["backends"] if b["provider"] != "corelib-test-nonsense"}
    assert rows["good"]["provider"] == "corelib-test-good"
    assert rows["good"]["version"] == "1.2.3"
    assert rows["good"]["available"] is True
    assert rows["good"]["devices"] == ["good:0 (Good 0)", "good:1 (Good 1)"]
    assert rows["good"]["dtypes"] == {"float32": "native", "float64": "native", "int64": "native", "bool": "storage"}
    assert rows["meta"]["provider"] == "corelib"
    assert rows["cpu"]["available"] is True
    assert rows["nodriver"]["reason"] == "no driver found; install quantum-driver 7 or later"
    own = ("cuda", "opencl")  # corelib's own may be installed here, with or without their devices
    unavailable = {b["device_type"] for b in shown["backends"] if not b["available"] and b["device_type"] not in own}
    assert unavailable == {*BROKEN, "twin", "interrupted", "meta", "Bad-Name"}
    assert all(b["reason"] for b in shown["backends"] if not b["available"])
    twins = [b["provider"] for b in shown["backends"] if b["device_type"] == "twin"]
    assert twins == ["corelib-test-duplicate-a", "corelib-test-duplicate-b"]
    assert sorted(shown["not_installed"]) == [d for d in ("cuda", "opencl") if d in ABSENT]


def test_corelib_info_has_a_line_for_every_plugin_that_does_not_work(run):
    shown = json.loads(run("-m", "corelib.cli", "info", "--json"))
    devices = shown["devices"]
    assert devices["good"]["devices"] == ["good:0 (Good 0)", "good:1 (Good 1)"] and devices["cpu"]["status"] == "available"
    for device_type, (_, parts, _) in BROKEN.items():
        said = devices[device_type]["status"]
        assert said.startswith("unavailable: ") and parts[-1].removeprefix(INSTALLED) in said
    assert {"twin", "twin (corelib-test-duplicate-b)", "meta", "meta (corelib-test-nonsense)"} <= set(devices)
    text = run("-m", "corelib.cli", "info")
    assert "no driver found; install quantum-driver 7 or later" in text and "With a bug report, send all of this" in text


def test_the_table_shows_the_chosen_of_two_backends_and_says_why_the_other_is_not(run):
    shown = run("-m", "corelib.cli", "backends", CORELIB_BACKEND_TWIN="corelib-test-duplicate-b")
    lines = shown.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("twin"))
    first, second = lines[at], next(line for line in lines[at + 1 :] if line.startswith("twin"))
    assert "corelib-test-duplicate-a 0.4" in first
    assert "unavailable" in first
    assert "CORELIB_BACKEND_TWIN chooses" in " ".join("\n".join(lines[at : at + 3]).split())
    assert "corelib-test-duplicate-b 0.4" in second
    assert "twin:0 (b), twin:1 (b)" in second


PACKS = """
import warnings
import corelib
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    sums = [(corelib.ones(n, device="good") + corelib.ones(n, device="good")).tolist() for n in (1, 2, 3)]
print(sums)
print((corelib.ones(1, device="good", dtype=corelib.float64) + 1).tolist(), (corelib.ones(1) + 1).tolist())
for w in caught:
    if w.category.__name__ != "BackendWarning":
        print(w.category.__name__, w.message)
"""


def test_kernel_packs_are_asked_by_priority_and_pass_on_what_they_do_not_take(run, packs):
    sums, others = run(PACKS, path=[packs], warnings="default").splitlines()[:2]
    assert sums == "[[302.0], [202.0, 202.0], [2.0, 2.0, 2.0]]"  # high, low, and the backend's own
    assert others == "[2.0] [2.0]"  # another dtype and another device have the backend's own


def test_a_broken_kernel_pack_is_a_warning_and_not_used(run, packs):
    warned = run(PACKS, path=[packs], warnings="default").splitlines()[2:]
    assert [line.partition(" of ")[0] for line in warned] == [
        "PackWarning kernel pack 'good.broken'",
        "PackWarning kernel pack 'good.future'",
        "PackWarning kernel pack 'good.unknown'",
    ]
    assert "raised OSError: no compiler found" in warned[0]
    assert "written for plugin API 2.0" in warned[1]
    assert "kernels for no op of corelib: 'addd'" in warned[2]


def test_the_command_lists_kernel_packs_with_what_they_bring_and_what_is_wrong_with_them(run, packs):
    shown = json.loads(run("-m", "corelib.cli", "backends", "--json", path=[packs]))["kernel_packs"]
    rows = {p["name"]: p for p in shown}
    assert (rows["good.high"]["priority"], rows["good.high"]["kernels"], rows["good.high"]["problem"]) == (30, 1, "")
    assert "no compiler found" in rows["good.broken"]["problem"]
    assert rows["nowhere.fast"]["problem"] == "not loaded, as its device is not"
    table = run("-m", "corelib.cli", "backends", path=[packs])
    assert "1 kernels for good, priority 30" in table
    assert "not used: its hook corelib_kernels raised OSError: no compiler found" in table
