"""Prints the page, or with `absent` the names that corelib's errors tell of."""

import sys

from .page import absent, page

print(absent() if sys.argv[1:] == ["absent"] else page(), end="")
