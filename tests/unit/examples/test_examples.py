"""The examples and the quickstart, run as a user runs them, each in its own interpreter, show what they should."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[3] / "examples"
# Two libraries that share a machine's cores should not each take all of them.
ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "error"}


def run(*arguments, code=0, **environment):
    """What a Python program prints; a warning or another exit code than `code` fails."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True, text=True, timeout=240, check=False, env={**ENVIRONMENT, **environment},
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout if code == 0 else done.stderr


def quickstart(*arguments, before="", code=0):
    """What `corelib quickstart` prints, run by its module, so that no script has to be on the path."""
    program = (
        f"{before}\nimport argparse, sys\nfrom corelib.cli import quickstart\nparser = argparse.ArgumentParser()\n"
        "quickstart.add_arguments(parser)\nsys.exit(quickstart.run(parser.parse_args()))"
    )
    return run("-c", program, *arguments, code=code)


def test_tensors_show_what_the_tutorial_shows():
    shown = run(EXAMPLES / "tutorial_1_tensors.py")
    # The random numbers are PyTorch's own for this seed.
    assert "Random Tensor: \n tensor([[0.4963, 0.7682],\n        [0.0885, 0.1320]])" in shown
    assert "Datatype of tensor: torch.float32\nDevice tensor is stored on: cpu" in shown
    assert "Last column: tensor([1., 1., 1., 1.])" in shown
    assert "Matrix products agree: True\nElementwise products agree: True\n12.0 <class 'float'>" in shown
    assert shown.endswith("t: tensor([2., 2., 2., 2., 2.], dtype=torch.float64)\nn: [2. 2. 2. 2. 2.]\n")


def test_data_comes_in_batches_with_transforms_applied():
    pytest.importorskip("sklearn", reason="the digits are scikit-learn's: pip install 'corelib[examples]'")
    shown = run(EXAMPLES / "tutorial_2_data.py")
    assert "Images: 1437 to train on, 360 to test on" in shown
    assert "Feature batch shape: torch.Size([64, 1, 8, 8])\nLabels batch shape: torch.Size([64])" in shown
    assert "One-hot label: tensor([0., 0., 1., 0., 0., 0., 0., 0., 0., 0.])" in shown
    assert shown.endswith("Batches: 23 to train on, 6 to test on\n")


def test_a_network_prints_its_structure_and_its_parameters():
    shown = run(EXAMPLES / "tutorial_3_network.py")
    assert "(0): Linear(in_features=784, out_features=512, bias=True)" in shown
    assert re.search(r"Probabilities of each image sum to tensor\(\[1\.0*, 1\.0*, 1\.0*\], grad_fn=<SumBackward", shown)
    sizes = re.findall(r"Layer: (\S+) \| Size: torch.Size\(\[([0-9, ]+)\]\)", shown)
    assert sizes[0] == ("linear_relu_stack.0.weight", "512, 784")
    assert sizes[-1] == ("linear_relu_stack.4.bias", "10")


def test_autograd_names_its_nodes_and_accumulates_gradients():
    shown = run(EXAMPLES / "tutorial_4_autograd.py")
    assert "Gradient function for z = <AddBackward0 object at 0x" in shown
    assert "Gradient function for loss = <BinaryCrossEntropyWithLogitsBackward0 object at 0x" in shown
    assert "True\nFalse\nFalse\n" in shown
    first, second, zeroed = (shown.split(f"{title}\n")[1] for title in ("First call", "Second call", "gradients"))
    assert first.startswith("tensor([[4., 2., 2., 2., 2.],")
    assert second.startswith("tensor([[8., 4., 4., 4., 4.],")
    assert zeroed.startswith("tensor([[4., 2., 2., 2., 2.],")


def test_training_learns_and_the_saved_weights_predict_the_same():
    pytest.importorskip("sklearn", reason="the digits are scikit-learn's: pip install 'corelib[examples]'")
    shown = run(EXAMPLES / "tutorial_5_optimize.py")
    accuracies = [float(a) for a in re.findall(r"Accuracy: ([0-9.]+)%", shown)]
    assert len(accuracies) == 10
    assert max(accuracies) > 90 and accuracies[-1] > 85  # PyTorch prints 93.3 and 89.2 under this seed
    assert "The loaded network predicts as the saved one does: True" in shown


def test_the_quickstart_recognizes_97_of_100_digits_it_has_not_seen(tmp_path):
    pytest.importorskip("sklearn", reason="the digits are scikit-learn's: pip install 'corelib[examples]'")
    path = tmp_path / "digits.pth"
    shown = quickstart("--no-progress", "--save", path)
    accuracy = re.search(r"Test accuracy: ([0-9.]+)%", shown)
    assert accuracy is not None, shown
    assert float(accuracy[1]) >= 97.0
    assert "1437 images to train on, 360 to test on, device cpu" in shown
    assert re.search(r"Predicted: \d, actual: \d", shown)
    assert "@@" in shown
    assert path.stat().st_size > 50_000


def test_without_scikit_learn_the_quickstart_says_what_to_install():
    # None in sys.modules is how Python itself is told that there is no such module.
    said = quickstart(before="import sys; sys.modules['sklearn'] = None", code=1)
    assert "needs scikit-learn" in said
    assert 'pip install "corelib[examples]"' in said
    assert "Traceback" not in said
