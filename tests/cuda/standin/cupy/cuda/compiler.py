"""What CuPy raises where NVRTC refuses a text, and the options that it is known to take here."""

from __future__ import annotations

import re

OPTIONS = re.compile(
    r"--?(fmad=(true|false)|std=c\+\+(11|14|17|20)|use_fast_math|ftz=(true|false)|prec-div=(true|false)|prec-sqrt=(true|false)|maxrregcount=\d+"
    r"|(gpu-architecture|arch)=(sm|compute)_\d+[af]?|(define-macro=|D)\w+(=\w+)?|device-debug|generate-line-info|extra-device-vectorization)"
)


class CompileException(Exception):
    """A text or options that NVRTC does not take."""

    def __init__(self, msg: str, source: str, name: str, options: tuple[str, ...], backend: str = "nvrtc") -> None:
        super().__init__(msg)
        self._msg, self.source, self.name, self.options, self.backend = msg, source, name, options, backend

    def __str__(self) -> str:
        return self._msg


def check_options(options: tuple[str, ...], source: str) -> None:
    """NVRTC's error for an option that it does not have; no option here may trade accuracy for speed unseen."""
    for option in options:
        if not OPTIONS.fullmatch(option):
            raise CompileException(f"nvrtc: error: invalid value for or unrecognized option {option!r}", source, "", options)
