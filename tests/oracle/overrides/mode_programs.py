"""Programs with modes, with `__torch_function__` switched off, and with functions of their own that ask for it."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import Any

from .programs import logging_class, program, shown


@program
def a_mode_that_counts(T: Any) -> Any:
    class Counting(T.overrides.TorchFunctionMode):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.calls: Counter[str] = Counter()

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            self.calls[func.__name__] += 1
            return func(*args, **kwargs or {})

    T.manual_seed(0)
    model = T.nn.Sequential(T.nn.Linear(3, 4), T.nn.ReLU(), T.nn.Dropout(0.0), T.nn.Linear(4, 2), T.nn.Softmax(-1))
    x = T.ones(5, 3)
    with Counting() as outer:
        y = model(x)
        z = T.zeros(2) + T.ones(2)
        with Counting() as inner:
            z.mul(2).sum().item()
            y.detach().tolist()
        z.exp()
    after = dict(outer.calls)
    T.ones(2).add(1)
    return dict(sorted(outer.calls.items())), dict(sorted(inner.calls.items())), after == dict(outer.calls), shown(z)


@program
def a_mode_that_changes_what_is_made(T: Any) -> Any:
    class Doubles(T.overrides.TorchFunctionMode):  # type: ignore[misc,name-defined]
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            if func in (T.zeros, T.ones, T.full, T.tensor, T.arange, T.empty) and "dtype" not in kwargs:
                kwargs = {**kwargs, "dtype": T.float64}
            return func(*args, **kwargs)

    class Refusing(T.overrides.TorchFunctionMode):  # type: ignore[misc,name-defined]
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return NotImplemented

    class Base(T.overrides.BaseTorchFunctionMode):  # type: ignore[misc,name-defined]
        pass

    with Doubles():
        made = [T.zeros(2), T.ones(2), T.full((2,), 3), T.tensor([1]), T.arange(3), T.zeros(2, dtype=T.int32)]
    with Base():
        same = T.ones(2) + 1
    try:
        with Refusing():
            T.ones(2)
        refused = ""
    except TypeError:
        refused = "TypeError"
    try:
        with T.overrides.TorchFunctionMode():
            T.ones(2)
    except NotImplementedError:
        refused += " NotImplementedError"
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        Doubles.push()
    return [str(each.dtype) for each in made], shown(same), refused, str(T.zeros(1).dtype), str(warned[0].message)


@program
def a_mode_before_a_class(T: Any) -> Any:
    said: list[str] = []
    kind = logging_class(T, said)

    class Saying(T.overrides.TorchFunctionMode):  # type: ignore[misc,name-defined]
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            said.append(f"mode {func.__name__} {[t.__name__ for t in types]}")
            return func(*args, **kwargs or {})

    x = T.ones(2).as_subclass(kind)
    with Saying():
        y = T.add(x, 1)
        with T._C.DisableTorchFunctionSubclass():
            z = x * 2
        with T._C.DisableTorchFunction():
            q = x - 1
    return [each.split(" {")[0].removesuffix(" None") for each in said], type(y).__name__, type(z).__name__, type(q).__name__


@program
def switched_off(T: Any) -> Any:
    said: list[str] = []
    kind = logging_class(T, said)
    x = T.ones(2).as_subclass(kind)
    types = []
    for off in (T.DisableTorchFunctionSubclass, T.DisableTorchFunction):
        with off():
            types.append([type(x + 1).__name__, type(T.relu(x)).__name__, T.overrides.has_torch_function((x,)), T.overrides.has_torch_function_unary(x)])
            with off():
                pass
            types.append([type(x.exp()).__name__])
            try:
                with T.overrides.enable_reentrant_dispatch():
                    pass
            except RuntimeError:
                types.append(["refused"])
    types.append([type(x + 1).__name__, T.overrides.has_torch_function((x, 1)), T.overrides.has_torch_function_variadic(1, x)])

    class Disabled(T.Tensor):  # type: ignore[misc,name-defined]
        __torch_function__ = T._C._disabled_torch_function_impl

    y = T.ones(2).as_subclass(Disabled)
    types.append([type(y + 1).__name__, type(y.add_(1)).__name__, T.overrides.has_torch_function((y,)), T.overrides.is_tensor_like(y)])
    return types, said


@program
def functions_of_a_program(T: Any) -> Any:
    V = T.overrides

    @V.wrap_torch_function(lambda a, b=None: (a, b))
    def doubled(a: Any, b: Any = None) -> Any:
        """twice"""
        return a * 2

    def added(a: Any, b: int = 1) -> Any:
        if V.has_torch_function((a,)):
            return V.handle_torch_function(added, (a,), a, b=b)
        return a + b

    class Names:
        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return func.__name__, [t.__name__ for t in types], len(args), kwargs

    class Sub(T.Tensor):  # type: ignore[misc,name-defined]
        pass

    s = T.ones(2).as_subclass(Sub)
    n = Names()
    return (
        shown(doubled(T.ones(1))), doubled.__doc__, doubled(n), doubled(1, n), added(n), added(n, 3), shown(added(T.ones(1))), shown(doubled(s)), shown(added(s)),
        V.has_torch_function((1, T.ones(1))), V.has_torch_function((n,)), V.has_torch_function_unary(T.ones(1)), V.has_torch_function_variadic(1, n),
        [V.is_tensor_like(each) for each in (T.ones(1), s, n, [1], 3, None)],
    )  # fmt: skip
