# Written by `python -m corelib.ops.stubs`, from the op table. Change that or the source, not this file.

