"""Which of corelib's public names the oracle tests call: recorded by a run with `--write-called FILE`
or `--check-called`.

Every public function, method, property and class is replaced, in the namespaces alone, by one that notes its first call from a
test that comes back, and then puts the original in its place again. A call from within corelib does not count, nor does one that
raises. Several names of one function are one: calling any of them is calling all. Constants cannot be watched; the test that
compares them says which it has compared (`compared`).
"""

from __future__ import annotations

import functools
import inspect
import sys
import typing
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import namespaces
from .users import not_for_users

CALLED: set[str] = set()
TESTS = str(Path(__file__).parents[1])
SAMPLES = "corelib_conformance/samples/"
FILE = Path(__file__).with_name("called.txt")


@functools.cache
def called() -> frozenset[str]:
    """What the last whole run has recorded."""
    return frozenset(FILE.read_text(encoding="utf-8").split())


def compared(name: str) -> None:
    """Note that a test has compared a constant or a type with PyTorch's."""
    CALLED.add(name)


def from_a_test() -> bool:
    """Whether the caller's caller is a test or a sample of one; generated text is its caller's."""
    frame = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith("<"):
        frame = frame.f_back  # type: ignore[assignment]
    return frame is not None and (frame.f_code.co_filename.startswith(TESTS) or SAMPLES in frame.f_code.co_filename)


class Watch:
    """One object of corelib under all its public names."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.restore: list[Callable[[], None]] = []
        self.install: list[Callable[[], None]] = []

    def seen(self) -> None:
        if self.restore:
            CALLED.update(self.names)
            for put_back in self.restore:
                put_back()
            self.restore.clear()

    def wrap(self, function: Any) -> Any:
        """The function, noting its first call from a test that comes back."""

        @functools.wraps(function)
        def watched(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            if from_a_test():
                self.seen()
            return result

        return watched


class Recorder:
    """Watches all that is public."""

    def __init__(self) -> None:
        self.watches: dict[int, tuple[Any, Watch, Any]] = {}
        self.metaclasses: set[Any] = set()

    def start(self) -> None:
        with warnings.catch_warnings():  # some of PyTorch's names warn as soon as they are looked at
            warnings.simplefilter("ignore")
            self._start()

    def _start(self) -> None:
        for path in namespaces.SPACES:
            space = namespaces.mine(path)
            for name in namespaces.names(path) if space is not None else ():
                if namespaces.has(space, name) and not not_for_users(path, name):
                    self.watch(space, path, name)

    def watch(self, space: Any, path: str, name: str) -> None:
        value = inspect.getattr_static(space, name) if inspect.isclass(space) else namespaces.member(space, name)
        if inspect.isclass(value):
            self.watch_class(value, f"{path}.{name}")
            return
        if path.startswith("torch.distributions") and callable(value) and not inspect.isroutine(value):
            return  # an object with methods of its own, for which no function can stand; a test says what it has compared
        _, watch, stand_in = self.watches.get(id(value)) or (None, Watch(), None)
        if stand_in is None:
            stand_in = self.stand_in(watch, value)
            self.watches[id(value)] = value, watch, stand_in
        if stand_in is not None:
            watch.names.append(f"{path}.{name}")
            self.replace(watch, space, name, stand_in)

    @staticmethod
    def stand_in(watch: Watch, value: Any) -> Any:
        """What stands for a function or a property until a test has called it; None for what cannot be called."""
        if isinstance(value, (classmethod, staticmethod)):
            return type(value)(watch.wrap(value.__func__))
        if isinstance(value, property):
            return property(watch.wrap(value.fget), value.fset, value.fdel, value.__doc__)
        if inspect.isdatadescriptor(value):  # a slot
            return property(watch.wrap(lambda self: value.__get__(self)), value.__set__, value.__delete__, value.__doc__)
        return watch.wrap(value) if callable(value) else None

    @staticmethod
    def replace(watch: Watch, space: Any, name: str, stand_in: Any) -> None:
        if inspect.isclass(space):  # where the name is defined: some of nn.Module's are looked for there
            space = next(cls for cls in space.__mro__ if name in vars(cls))
        own = vars(space) if hasattr(space, "__dict__") else {}
        before = own.get(name, watch)  # the watch where there was nothing
        try:
            setattr(space, name, stand_in)
        except AttributeError:  # an object with slots: its class has the method
            space = type(space)
            before = vars(space)[name]
            setattr(space, name, staticmethod(stand_in))
        placed = inspect.getattr_static(space, name) if inspect.isclass(space) else stand_in
        watch.install.append(lambda: setattr(space, name, placed))
        watch.restore.append(lambda: setattr(space, name, before) if before is not watch else delattr(space, name))

    @contextmanager
    def away(self, but: tuple[str, ...]) -> Iterator[None]:
        """All functions and classes as they are, for what looks at them itself, as pickle does; those of the names that begin with `but` go on being watched."""
        aside = [w for _, w, _ in self.watches.values() if w.install and w.restore and not any(n.startswith(but) for n in w.names)]
        for watch in aside:
            for put_back in watch.restore:
                put_back()
        try:
            yield
        finally:
            for watch in aside:
                for place in watch.install:
                    place()

    def watch_class(self, cls: Any, name: str) -> None:
        """Note that a test has made an object of a class, or of a class of the test's own whose making begins with this one's."""
        if typing.is_typeddict(cls):
            return  # whose objects are dicts; a test says what it has compared
        known = self.watches.get(id(cls))
        if known is not None:
            known[1].names.append(name)
            return
        watch = Watch()
        watch.names.append(name)
        self.watches[id(cls)] = cls, watch, cls
        if type(cls).__call__ is not type.__call__:
            self.watch_metaclass(type(cls))
            watch.restore.append(lambda: None)
            return
        begins = "__init__" if cls.__init__ is not object.__init__ or cls.__new__ is object.__new__ else "__new__"
        original = inspect.getattr_static(cls, begins)
        function = original.__func__ if isinstance(original, staticmethod) else original
        before = vars(cls).get(begins, watch)  # the watch where the class inherits it
        stand_in = watch.wrap(function)
        placed = staticmethod(stand_in) if begins == "__new__" else stand_in
        setattr(cls, begins, placed)
        watch.install.append(lambda: setattr(cls, begins, placed))
        watch.restore.append(lambda: setattr(cls, begins, before) if before is not watch else delattr(cls, begins))

    def watch_metaclass(self, metaclass: Any) -> None:
        """The same for classes that a method of their metaclass calls. It stays, as classes are few and calls of them cheap."""
        if metaclass in self.metaclasses:
            return
        self.metaclasses.add(metaclass)
        original = metaclass.__call__

        @functools.wraps(original)
        def watched(cls: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(cls, *args, **kwargs)
            if from_a_test() and id(cls) in self.watches:
                self.watches[id(cls)][1].seen()
            return result

        metaclass.__call__ = watched
