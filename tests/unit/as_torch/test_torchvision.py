"""Programs that say `import torchvision` get corelib.vision, and so do the processes that they start."""

import subprocess
import sys
import textwrap
from importlib.metadata import version

import pytest


def as_torch(tmp_path, text, *options, code=0):
    (tmp_path / "program.py").write_text(textwrap.dedent(text))
    done = subprocess.run([sys.executable, "-m", "corelib.as_torch", *options, "program.py"], capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert done.returncode == code, done.stderr
    return done


def test_torchvision_and_the_paths_below_it_are_corelibs(tmp_path):
    done = as_torch(tmp_path, """
        import importlib.metadata, importlib.util, inspect, sys
        import torchvision, torchvision.io as io
        import torchvision.io.image
        from torchvision.ops.boxes import nms
        import corelib.vision, torch
        assert torchvision is corelib.vision and io is corelib.vision.io and sys.modules["torchvision.ops.boxes"] is corelib.vision.ops.boxes
        assert nms is torchvision.ops.nms and importlib.util.find_spec("torchvision.io") is not None
        assert importlib.util.find_spec("torchvision.nothing") is None and not hasattr(torch, "vision") and importlib.util.find_spec("torch.vision") is None
        assert importlib.metadata.version("torchvision") == torchvision.__version__ == torchvision.version.__version__
        print(torchvision.__version__.split("+")[0], nms.__module__, torchvision.io.ImageReadMode, torchvision.ops.RoIAlign)
    """)  # fmt: skip
    assert done.stdout == "0.28.0 torchvision.ops.boxes <enum 'ImageReadMode'> <class 'torchvision.ops.roi_align.RoIAlign'>\n"


def test_without_as_torch_classes_say_that_they_are_corelibs():
    done = subprocess.run([sys.executable, "-c", "import corelib.vision.ops as o; print(o.nms.__module__, o.RoIAlign)"], capture_output=True, text=True)
    assert done.stdout == "corelib.vision.ops.boxes <class 'corelib.vision.ops.roi_align.RoIAlign'>\n", done.stderr


def test_what_is_absent_is_named_and_reported(tmp_path):
    done = as_torch(tmp_path, """
        import torchvision, torchvision.ops
        for thing in (torchvision, torchvision.ops):
            try:
                thing.nothing_of_it
            except AttributeError as error:
                print(error)
        try:
            import torchvision.no_such
        except ModuleNotFoundError as error:
            print(error)
    """, "--report")  # fmt: skip
    assert done.stdout.splitlines() == [
        "module 'torchvision' has no attribute 'nothing_of_it'",
        "module 'torchvision.ops' has no attribute 'nothing_of_it'",
        "No module named 'torchvision.no_such'",
    ]
    for line in ("torchvision.nothing_of_it  1", "torchvision.ops.nothing_of_it  1", "torchvision.no_such  1"):
        assert line in done.stderr


@pytest.mark.parametrize("first", ["torchvision", "torchvision.ops.boxes"])
def test_started_processes_inherit_it_whichever_is_imported_first(tmp_path, first):
    done = as_torch(tmp_path, f"""
        import multiprocessing, pickle, subprocess, sys
        import torchvision
        def name(kind):
            return torchvision.__name__, kind.__module__
        if __name__ == "__main__":
            said = "import {first}, torchvision, torch; print(torchvision.__name__, torch.__version__ >= '2.13', torch.ones(1) is not None)"
            print(subprocess.run([sys.executable, "-c", said], capture_output=True, text=True).stdout.strip())
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.apply(name, (torchvision.ops.RoIPool,)))
            assert b"torchvision.ops.roi_pool" in pickle.dumps(torchvision.ops.RoIPool)
    """)  # fmt: skip
    assert done.stdout.splitlines() == ["corelib.vision True True", "('corelib.vision', 'torchvision.ops.roi_pool')"]


def test_importing_corelib_brings_no_vision_and_vision_no_pillow():
    said = "import sys, corelib; print('corelib.vision' in sys.modules); import corelib.vision.{}; print('PIL' in sys.modules)"
    for part in ("io", "ops", "datasets", "utils"):
        done = subprocess.run([sys.executable, "-c", said.format(part)], capture_output=True, text=True)
        assert done.stdout == "False\nFalse\n", (part, done.stderr)


def test_image_backends():
    import corelib.vision as vision

    assert (vision.get_image_backend(), vision.get_video_backend()) == ("PIL", "pyav")
    vision.set_image_backend("accimage")
    try:
        assert vision.get_image_backend() == "accimage"
    finally:
        vision.set_image_backend("PIL")
    with pytest.raises(ValueError, match="Invalid backend 'cv2'; accepted are 'PIL' and 'accimage'"):
        vision.set_image_backend("cv2")
    assert vision.set_video_backend("pyav") is None and vision.disable_beta_transforms_warning() is None
    assert version("corelib") == vision.__version__.split("corelib.")[1]
