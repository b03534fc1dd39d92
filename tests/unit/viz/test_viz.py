"""Pictures of graphs and modules: the text is right and always the same, and Graphviz draws it where it is there."""

from __future__ import annotations

import re
import shutil
import sys

import corelib
import pytest
from corelib import nn, viz


def boxes(drawing):
    """The boxes' labels, by name."""
    return {name: label.replace("\\n", "\n").replace('\\"', '"') for name, label in re.findall(r'^ {4}(n\d+) \[label="((?:[^"\\]|\\.)*)"', drawing.dot, re.M)}


def arrows(drawing):
    """The arrows as (label, label), dashed ones left out."""
    named = boxes(drawing)
    found = re.findall(r"^ {4}(n\d+) -> (n\d+)(.*)$", drawing.dot, re.M)
    return [(named[a].split("\n")[0], named[b].split("\n")[0]) for a, b, looks in found if "dashed" not in looks]


@pytest.fixture
def model():
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))


def test_functions_have_their_names_and_shapes_and_leaves_those_of_parameters(model):
    drawing = viz.graph(model(corelib.ones(5, 3)).sum(), params=dict(model.named_parameters()))
    assert sorted(boxes(drawing).values()) == sorted([
        "output\n()", "SumBackward0\n()", "AddmmBackward0\n(5, 2)", "ReluBackward0\n(5, 4)", "AddmmBackward0\n(5, 4)",
        "0.weight\n(4, 3)", "0.bias\n(4,)", "2.weight\n(2, 4)", "2.bias\n(2,)",
    ])  # fmt: skip
    assert ("SumBackward0", "output") in arrows(drawing) and ("2.weight", "AddmmBackward0") in arrows(drawing)
    assert (drawing.nodes, drawing.edges) == (len(boxes(drawing)), len(arrows(drawing))) == (9, 8)


def test_names_come_from_modules_dicts_and_pairs_and_without_them_leaves_are_leaves(model):
    out = model(corelib.ones(1, 3))
    texts = {viz.graph(out, given).dot for given in (model, dict(model.named_parameters()), model.named_parameters())}
    assert len(texts) == 1 and "0.weight" in texts.pop()
    assert sorted(boxes(viz.graph(out)).values()).count("leaf\n(4,)") == 1


def test_the_text_is_the_same_each_time():
    def drawn():
        corelib.manual_seed(0)
        made = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.LazyLinear(3))
        return viz.graph(made(corelib.ones(2, 1, 6, 6)), made, saved=True).dot, viz.module(made, corelib.ones(2, 1, 6, 6)).dot

    assert drawn() == drawn()


def test_a_tensor_used_twice_has_two_arrows_and_several_outputs_share_their_graph():
    x = corelib.ones(4, requires_grad=True)
    y = x * x
    drawing = viz.graph({"a": y.sum(), "b": [y.exp()]}, {"x": x})
    assert arrows(drawing).count(("x", "MulBackward0")) == 2
    assert list(boxes(drawing).values()).count("MulBackward0\n(4,)") == 1
    assert "output 0\n()" in boxes(drawing).values() and "output 1\n(4,)" in boxes(drawing).values()


def test_functions_with_several_outputs_say_which():
    parts = corelib.ones(4, requires_grad=True).split(2)
    dot = viz.graph(parts).dot
    assert "SplitBackward0\\n(2,), (2,)" in dot and '[label="output 1"]' in dot


def test_saved_tensors_are_drawn_until_a_backward_frees_them():
    x, w = corelib.ones(2, 3), corelib.ones(3, 1, requires_grad=True)
    y = (x @ w).exp().sum()
    kept = boxes(viz.graph(y, {"w": w}, saved=True)).values()
    assert "result\n(2, 1)" in kept and any(text.endswith("(2, 3)") for text in kept)
    assert not any("result" in text for text in boxes(viz.graph(y)).values())
    y.backward()
    assert not any("result" in text for text in boxes(viz.graph(y, saved=True)).values())


def test_functions_of_the_users_own_have_their_shapes_and_what_they_saved():
    class Square(corelib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return 2 * g * ctx.saved_tensors[0]

    x = corelib.ones(2, requires_grad=True)
    drawing = viz.graph(Square.apply(x), {"x": x}, saved=True)
    assert "SquareBackward\n(2,)" in boxes(drawing).values() and 'label="saved tensor 0", style="dashed"' in drawing.dot


def test_a_leaf_and_a_tensor_without_a_graph_are_one_box():
    assert list(boxes(viz.graph(corelib.ones(2, requires_grad=True))).values()) == ["leaf\n(2,)"]
    assert list(boxes(viz.graph(corelib.ones(2))).values()) == ["output\n(2,)\nrequires no grad"]


def test_looking_changes_nothing(model):
    out = model(corelib.ones(2, 3)).sum()
    viz.graph(out, model, saved=True)
    out.backward()
    assert all(p.grad is not None for p in model.parameters())


def test_a_deep_graph_needs_no_deep_stack():
    x = corelib.ones(1, requires_grad=True)
    y = x
    for _ in range(sys.getrecursionlimit() * 2):
        y = y + 1
    assert viz.graph(y).nodes == sys.getrecursionlimit() * 2 + 2


@pytest.mark.parametrize("wrong", [3, None, [], "text"])
def test_what_is_no_tensor_cannot_be_drawn(wrong):
    with pytest.raises(TypeError, match="'tensor_or_tensors' must be a tensor"):
        viz.graph(wrong)


def test_params_must_be_names_and_tensors():
    with pytest.raises(TypeError, match="'params' must be a module, a dict"):
        viz.graph(corelib.ones(1), [corelib.ones(1)])


def test_a_module_is_its_layers_with_the_shapes_of_an_example(model):
    drawing = viz.module(model, corelib.ones(5, 3))
    assert list(boxes(drawing).values()) == [
        "Sequential\n(5, 2)", "0: Linear(in_features=3, out_features=4, bias=True)\n(5, 4)\n16 parameters", "1: ReLU\n(5, 4)",
        "2: Linear(in_features=4, out_features=2, bias=True)\n(5, 2)\n10 parameters",
    ]  # fmt: skip
    assert "(5, 4)" not in viz.module(model).dot
    assert model.training and not any(m._forward_hooks for m in model.modules())


def test_shared_layers_are_one_box_and_depth_cuts():
    inner = nn.Linear(2, 2)
    shared = nn.Sequential(nn.Sequential(inner, nn.ReLU()), inner)
    assert (viz.module(shared).nodes, viz.module(shared).edges) == (4, 4)
    assert (viz.module(shared, depth=0).nodes, viz.module(shared, depth=1).nodes) == (1, 3)


def test_a_failing_example_leaves_the_module_as_it_was(model):
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        viz.module(model, corelib.ones(5, 9))
    assert model.training and not any(m._forward_hooks for m in model.modules())
    with pytest.raises(TypeError, match="'model' must be an nn.Module"):
        viz.module(len)


def test_labels_are_escaped():
    x = corelib.ones(1, requires_grad=True)
    drawing = viz.graph(x, {'say "hi" \\ {a|b}': x})
    assert '[label="say \\"hi\\" \\\\ {a|b}\\n(1,)"' in drawing.dot


PROGRAM = """#!{python}
import sys
text = sys.stdin.read()
assert text.startswith("digraph {{"), text
sys.stdout.write("<svg>" + str(text.count("->")) + " arrows for " + " ".join(sys.argv[1:]) + "</svg>")
"""


@pytest.fixture
def dot_program(tmp_path, monkeypatch):
    """A program in the place of Graphviz's, which counts what it is given."""
    pytest.importorskip("graphviz")
    program = tmp_path / "dot"
    program.write_text(PROGRAM.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script")
def test_pictures_are_drawn_by_graphviz(dot_program, model, tmp_path):
    drawing = viz.module(model)
    assert drawing.svg() == drawing._repr_svg_() == "<svg>3 arrows for -Kdot -Tsvg</svg>"
    drawing.save(tmp_path / "a.png")
    drawing.save(str(tmp_path / "a.SVG"))
    drawing.save(tmp_path / "a.dot")
    assert (tmp_path / "a.png").read_text().endswith("-Tpng</svg>") and (tmp_path / "a.SVG").read_text() == drawing.svg()
    assert (tmp_path / "a.dot").read_text() == drawing.dot
    with pytest.raises(ValueError, match=r"must end in one of .dot, .gv, .svg, .png, .pdf"):
        drawing.save(tmp_path / "a.jpg")


def test_without_the_program_or_the_package_it_is_said_what_to_install(monkeypatch, tmp_path, model):
    pytest.importorskip("graphviz")
    drawing = viz.module(model)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(viz.GraphvizError, match=r'program dot, which is not on the PATH.*pip install "corelib\[viz\]".*graphviz.org'):
        drawing.svg()
    assert drawing._repr_svg_() is None
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(viz.GraphvizError, match=r'the package is not installed. Install both: pip install "corelib\[viz\]"'):
        drawing.save(tmp_path / "a.svg")
    assert drawing._repr_svg_() is None
    drawing.save(tmp_path / "a.dot")
    assert (tmp_path / "a.dot").read_text() == drawing.dot


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz's program is not here")
def test_graphviz_itself_draws_every_kind(model):
    pytest.importorskip("graphviz")
    x = corelib.ones(2, 3, requires_grad=True)
    names = {'"quoted" \\ and {braces} <b>': x}
    drawing = viz.graph([model(x).max(1)[0].sum(), x.split(1)[1]], names, saved=True)
    svg = drawing.svg()
    assert svg.count('class="node"') == drawing.nodes and svg.count('class="edge"') == drawing.edges
    assert "&quot;quoted&quot; \\ and {braces} &lt;b&gt;" in svg
    assert viz.module(model, x).svg().count('class="node"') == 4
