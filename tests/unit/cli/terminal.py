"""A command run in a pseudo-terminal, as a person runs it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading


def in_terminal(*command: str, columns: int = 80, timeout: float = 240, **environment: str) -> tuple[int, str]:
    """The exit status of a command in a terminal so many columns wide, and all that it wrote there, with its carriage returns."""
    import pty
    import termios

    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    env = {**os.environ, "TERM": "xterm", **environment}
    env.pop("COLUMNS", None)
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    written: list[bytes] = []

    def read() -> None:
        try:
            while block := os.read(ours, 4096):
                written.append(block)
        except OSError:  # the other end is closed
            pass

    reader = threading.Thread(target=read)
    reader.start()
    try:
        process.wait(timeout)
    finally:
        process.kill()
        reader.join(10)
        os.close(ours)
    return process.returncode, b"".join(written).decode().replace("\r\n", "\n")


def python(program: str, **options: object) -> tuple[int, str]:
    """The same for a Python program's text."""
    return in_terminal(sys.executable, "-c", program, **options)  # type: ignore[arg-type]
