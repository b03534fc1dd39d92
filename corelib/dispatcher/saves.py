"""What an op of one or two operands saves for its gradient: flags for (out, first, second)."""

# One object, so that the recorder can tell by identity that there is nothing to save.
NOTHING = (False, False, False)


def interned(flags: tuple[bool, ...]) -> tuple[bool, ...]:
    """The flags; `NOTHING` itself where all are False."""
    return flags if True in flags else NOTHING
