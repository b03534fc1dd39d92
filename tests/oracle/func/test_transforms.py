"""torch.func and torch.vmap beside PyTorch: one expression a case, results and errors alike."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

import corelib
from tests.oracle.pairs import assert_close

BOTH = (corelib, torch)

CASES = """
F.grad(lambda x: (x**3).sum())(x)
F.grad(F.grad(T.sin))(T.tensor(1.))
F.grad(lambda x: F.grad(lambda y: (x*y*y).sum())(x).sum())(x)
F.grad_and_value(lambda x: (x.sin().sum(), x*2), has_aux=True)(x)
F.grad(lambda x,y: (x*y).sum(), argnums=(0,1))(x,x+1)
F.grad(lambda x,y: (x*y).sum(), argnums=-1)(x,x+1)
F.grad(lambda p: (p['a']*p['b'][0]).sum())({'a':x,'b':[x+1]})
F.grad(lambda x: T.tensor(1.))(x)
F.grad(lambda x: x)(x)
F.grad(lambda x: 3.)(x)
F.grad(lambda x: x.sum(), argnums=3)(x)
F.grad(lambda x: x.sum())(3.)
F.grad(lambda x: x.sum())(T.tensor([1,2]))
F.grad(lambda x: (x*x).sum())(x.requires_grad_())
F.vjp(T.sin, x)[1](x)
F.vjp(lambda a,b: (a*b, {'k': a.sum()}), x, x+1)[1]((x, {'k': T.tensor(1.)}))
F.vjp(lambda a: (a.sin(), a), x, has_aux=True)[2]
F.vjp(lambda a: a.argmax(), x)
F.vjp(T.sin, x)[1]((x,x))
F.jvp(T.sin, (x,), (x,))
F.jvp(lambda a,b: (a*b, a.sum()), (x,x+1), (T.ones(3),x))
F.jvp(lambda a: F.jvp(T.sin,(a,),(a,))[1], (x,), (x,))
F.jvp(lambda a: T.ones(2), (x,), (x,))
F.jvp(lambda a: T.ones(2), (x,), (x,), strict=True)
F.jvp(T.sin, x, x)
F.jvp(T.sin, (x,), (x,x))
F.jacrev(T.sin)(x)
F.jacfwd(T.sin)(x)
F.jacrev(lambda a: (a.sin(), {'k':(a*a).sum()}))(x)
F.jacfwd(lambda a: (a.sin(), {'k':(a*a).sum()}))(x)
F.jacrev(lambda a,b: a@b, argnums=(0,1))(m, x)
F.jacfwd(lambda a,b: a@b, argnums=(0,1))(m, x)
F.jacrev(lambda p: p['w']@x)({'w':m})
F.jacrev(lambda a: (a.sin(), a), has_aux=True)(x)
F.jacfwd(lambda a: (a.sin(), a), has_aux=True)(x)
F.jacrev(T.sin, chunk_size=0)
F.hessian(lambda a: (a**3).sum())(x)
F.hessian(lambda a,b: (a**2*b).sum(), argnums=(0,1))(x,x+1)
F.jacrev(F.jacrev(lambda a: (a**3).sum()))(x)
F.jacfwd(F.jacfwd(lambda a: (a**3).sum()))(x)
F.jacrev(F.jacfwd(lambda a: (a**3).sum()))(x)
F.linearize(T.sin, x)[1](x)
F.linearize(lambda a,b: {'r':a*b}, x, x)[1](x,T.ones(3))
F.linearize(T.sin, x)[1](x[:2])
T.vmap(T.dot)(m,m)
T.vmap(T.dot,(None,0))(x,m)
T.vmap(T.dot,(1,1))(m,m)
T.vmap(lambda a: a*2, out_dims=1)(m)
T.vmap(lambda a: (a, a.sum()), out_dims=(1,0))(m)
T.vmap(lambda a: {'k':a, 'l':[a+1]}, in_dims=0)(m)
T.vmap(lambda d: d['a']*d['b'], in_dims=({'a':0,'b':None},))({'a':m,'b':x})
T.vmap(T.vmap(lambda a,b: a*b, (None,0)), (0,None))(x, x)
T.vmap(F.grad(lambda a: (a**2).sum()))(m)
F.grad(lambda a: T.vmap(T.dot)(a,a).sum())(m)
F.jacrev(T.vmap(lambda a: a.sin().sum()))(m)
T.vmap(F.jacrev(T.sin))(m)
T.vmap(lambda a: x)(m)
T.vmap(lambda a: 3)(m)
T.vmap(lambda a: (a,3), out_dims=(0,None))(m)
T.vmap(lambda a: a, out_dims=None)(m)
T.vmap(lambda a: x, out_dims=None)(m)
T.vmap(lambda a,b:a)(m,x)
T.vmap(lambda a:a)(3)
T.vmap(lambda a:a, in_dims=None)(m)
T.vmap(lambda a:a, in_dims=5)(m)
T.vmap(lambda a:a, in_dims=[0])(m)
T.vmap(lambda a:a, in_dims=(0,0))(m)
T.vmap(lambda :x)()
T.vmap(lambda a:a, out_dims='x')(m)
T.vmap(lambda a:(a,a), out_dims=(0,0,0))(m)
T.vmap(lambda a:a, chunk_size=0)
T.vmap(lambda a:a, randomness='no')(m)
T.vmap(lambda a:a*2, chunk_size=1)(m)
T.vmap(lambda a:a+T.randn(3))(m)
T.vmap(lambda a:a.sum(), in_dims=1)(T.ones(2,0))
T.vmap(lambda a:a*2)(T.ones(0,3)).shape
T.vmap(lambda a:T.rand(3), randomness='same')(m)
T.vmap(lambda a:T.rand(3), randomness='different')(m)
T.vmap(lambda a:T.randn(3)+a, randomness='different')(m)
T.vmap(lambda a:T.nn.functional.dropout(a), randomness='same')(m)
F.functionalize(lambda a: a.clone().add_(1))(x)
F.functionalize(lambda a: a, remove='x')
F.debug_unwrap(x)
F.rearrange(m, 'a b -> b a')
F.rearrange(T.arange(24.).view(2,12), 'a (b c) -> c a b', b=3)
F.rearrange(T.arange(24.).view(2,3,4), 'a ... -> ... a').shape
F.rearrange(T.arange(24.).view(2,3,4), 'a b c -> (a b) 1 c').shape
F.rearrange([m,m], 'k a b -> a (k b)')
F.rearrange(m, 'a b -> a')
F.grad(lambda a: F.functional_call(T.nn.ReLU(), {}, (a,)).sum())(x)
F.jvp(lambda a: (a.cos(), a), (x,), (x,), has_aux=True)
T.vmap(lambda a, *, k: a*k)(m, k=x)
F.grad(lambda a: a.abs().sum()*T.ones(()))(x*1j)
F.jacrev(lambda a: a)(x*1j)
F.vjp(lambda a: a*a, x*(1+1j))[1](x*1j)
F.jvp(lambda a: a*a, (x*(1+1j),), (x*1j,))
"""


def outcome(T: Any, case: str) -> Any:
    T.manual_seed(0)
    scope = {"T": T, "F": T.func, "x": T.tensor([0.5, 1.0, 2.0]), "m": T.arange(6.0).reshape(2, 3) / 5}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return repr(eval(case, scope))
        except Exception as error:
            return type(error).__name__


@pytest.mark.parametrize("case", CASES.strip().split("\n"))
def test_transforms(case: str) -> None:
    assert outcome(corelib, case) == outcome(torch, case)


def compare(program: Any) -> None:
    got, want = program(corelib), program(torch)
    flat = [T.utils._pytree.tree_leaves(made) for T, made in ((corelib, got), (torch, want))]
    assert len(flat[0]) == len(flat[1])
    for g, w in zip(*flat, strict=True):
        if isinstance(w, torch.Tensor):
            assert g.requires_grad == w.requires_grad and tuple(g.shape) == tuple(w.shape) and str(g.dtype) == str(w.dtype)
            assert_close(g, w)
        else:
            assert g == w


def regression(T: Any) -> tuple[Any, Any, Any, Any]:
    T.manual_seed(0)
    net = T.nn.Sequential(T.nn.Linear(3, 4), T.nn.Tanh(), T.nn.Linear(4, 1))
    return net, {k: v.detach() for k, v in net.named_parameters()}, T.randn(5, 3), T.randn(5, 1)


def gradients_of_samples(T: Any) -> Any:
    net, parameters, x, y = regression(T)

    def loss(p: Any, x: Any, y: Any) -> Any:
        return T.nn.functional.mse_loss(T.func.functional_call(net, p, (x[None],)), y[None])

    return T.vmap(T.func.grad_and_value(loss), in_dims=(None, 0, 0))(parameters, x, y)


def ensemble(T: Any) -> Any:
    nets = [regression(T)[0] for _ in range(3)]
    x = regression(T)[2]
    parameters, buffers = T.func.stack_module_state(nets)

    def call(p: Any, b: Any, x: Any) -> Any:
        return T.func.functional_call(nets[0], (p, b), (x,))

    made = T.func.vmap(call, in_dims=(0, 0, None))(parameters, buffers, x)
    made.sum().backward()
    return made, parameters["0.weight"].grad


def descent_inside(T: Any) -> Any:
    """A step of descent inside what is differentiated, as in MAML."""
    net, parameters, x, y = regression(T)

    def loss(p: Any) -> Any:
        return T.nn.functional.mse_loss(T.func.functional_call(net, p, (x,)), y)

    def after(p: Any) -> Any:
        g = T.func.grad(loss)(p)
        return loss({k: v - 0.1 * g[k] for k, v in p.items()})

    return T.func.grad_and_value(after)(parameters)


def beside_backward(T: Any) -> Any:
    w = T.tensor([1.0, 2.0], requires_grad=True)
    x = T.tensor([3.0, 4.0], requires_grad=True)
    plain = T.tensor([3.0, 4.0])
    closed, given, both = (T.func.grad(lambda t: (w * t * t).sum())(each) for each in (plain, x, x + 1))
    closed.sum().backward()
    first = w.grad.clone()
    (given.sum() + both.prod()).backward()
    return closed, given, first, w.grad, x.grad, plain.requires_grad


def switched_off(T: Any) -> Any:
    w = T.tensor([1.0, 2.0], requires_grad=True)
    with T.no_grad():
        one = T.func.grad(lambda t: (w * t * t).sum())(T.tensor([3.0, 4.0]))
        two, back = T.func.vjp(lambda t: (w * t).exp(), T.ones(2))
        three = T.func.jacrev(T.sin)(w), T.func.jvp(T.sin, (w,), (T.ones(2),))

    def half(t: Any) -> Any:
        with T.no_grad():
            fixed = t * t
        return (fixed * t).sum()

    return one, two, back(T.ones(2)), three, T.func.grad(half)(T.tensor([3.0, 4.0])), T.func.grad(half)(w)


def in_inference(T: Any) -> Any:
    with T.inference_mode():
        return T.func.grad(lambda t: t.pow(3).sum())(T.ones(2)), T.func.hessian(lambda t: t.pow(3).sum())(T.ones(2))


def products(T: Any) -> Any:
    def f(x: Any) -> Any:
        return (x.sin() * x.roll(1)).pow(2).sum()

    x, v = T.tensor([0.3, 0.7, 1.1]), T.tensor([1.0, -1.0, 0.5])
    forward = T.func.jvp(T.func.grad(f), (x,), (v,))
    back = T.func.vjp(T.func.grad(f), x)[1](v)
    lin = T.func.linearize(T.func.grad(f), x)[1](v)
    return forward, back, lin, T.func.hessian(f)(x) @ v, T.vmap(lambda u: T.func.jvp(T.func.grad(f), (x,), (u,))[1])(T.eye(3))


def pullback_twice(T: Any) -> Any:
    x = T.tensor([0.3, 0.7])
    (a, b), back, aux = T.func.vjp(lambda t: ((t.exp(), t.sum()), {"kept": t * 2}), x, has_aux=True)
    return a, b, aux, back((T.ones(2), T.tensor(2.0))), back((x, T.tensor(0.0)))


def gradients_as_variables(T: Any) -> Any:
    """Cotangents and tangents that are parts of a graph."""
    x, v = T.tensor([0.3, 0.7]), T.tensor([1.0, 2.0], requires_grad=True)
    one = T.func.vjp(T.exp, x)[1](v)[0]
    two = T.func.jvp(T.exp, (x,), (v,))[1]
    (one.sum() + two.pow(2).sum()).backward()
    return one, two, v.grad


def norms(T: Any) -> Any:
    net = T.func.replace_all_batch_norm_modules_(T.nn.Sequential(T.nn.Linear(2, 2), T.nn.BatchNorm1d(2)))
    return net[1].running_mean is None, net[1].track_running_stats, [name for name, _ in net.named_buffers()]


@pytest.mark.parametrize("program", [
    gradients_of_samples, ensemble, descent_inside, beside_backward, switched_off, in_inference, products, pullback_twice, gradients_as_variables, norms,
], ids=lambda p: p.__name__)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Attempted to insert a get_attr Node", "ignore:.*is deprecated", "ignore:.*foo.bar.baz")
def test_programs(program: Any) -> None:
    compare(program)


REFUSED = [case for case in CASES.strip().split("\n") if case.startswith("T.vmap") or "argnums=3" in case or "chunk_size=0" in case]


@pytest.mark.parametrize("case", REFUSED)
def test_words_of_refusals(case: str) -> None:
    def words(T: Any) -> str | None:
        scope = {"T": T, "F": T.func, "x": T.tensor([0.5, 1.0, 2.0]), "m": T.arange(6.0).reshape(2, 3) / 5}
        try:
            eval(case, scope)
        except (ValueError, RuntimeError) as error:
            return str(error)[:60].replace("corelib", "torch")
        return None

    assert words(corelib) == words(torch)
