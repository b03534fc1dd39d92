"""As much of pluggy as corelib uses, for an interpreter that lacks it and where nothing may be installed: benchmarks.gpu puts it on the path then."""

from __future__ import annotations

from typing import Any


class PluginValidationError(Exception):
    """Hooks that do not fit their specifications; nothing here finds any."""


class _Marker:
    def __init__(self, project_name: str) -> None:
        self.project_name = project_name

    def __call__(self, function: Any = None, **options: Any) -> Any:
        def marked(f: Any) -> Any:
            setattr(f, f"{self.project_name}_{self.kind}", options)
            return f

        return marked if function is None else marked(function)

    kind = ""


class HookspecMarker(_Marker):
    """Marks a specification."""

    kind = "spec"


class HookimplMarker(_Marker):
    """Marks a plugin's function."""

    kind = "impl"


class _Caller:
    def __init__(self, first: bool) -> None:
        self._first = first
        self._functions: list[Any] = []

    def get_hookimpls(self) -> list[Any]:
        return list(self._functions)

    def __call__(self, **given: Any) -> Any:
        results = [r for f in reversed(self._functions) if (r := f(**{n: given[n] for n in f.__code__.co_varnames[: f.__code__.co_argcount]})) is not None]
        if self._first:
            return results[0] if results else None
        return results


class HookRelay:
    """The hooks by name."""


class PluginManager:
    """The plugins of one project."""

    def __init__(self, project_name: str) -> None:
        self._project = project_name
        self.hook = HookRelay()

    def add_hookspecs(self, module: Any) -> None:
        for name, value in vars(module).items():
            options = getattr(value, f"{self._project}_spec", None)
            if options is not None:
                setattr(self.hook, name, _Caller(bool(options.get("firstresult"))))

    def register(self, module: Any, name: str | None = None) -> None:
        for name, value in vars(module).items():
            if getattr(value, f"{self._project}_impl", None) is not None:
                caller = getattr(self.hook, name, None)
                if caller is None:
                    raise PluginValidationError(f"unknown hook {name!r}")
                caller._functions.append(value)

    def check_pending(self) -> None:
        """Unknown hooks are refused by `register`."""
