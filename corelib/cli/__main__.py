"""`python -m corelib.cli` is the `corelib` command."""

import sys

from corelib.cli import main

sys.exit(main())
