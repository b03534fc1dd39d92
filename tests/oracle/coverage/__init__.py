"""How much of PyTorch's public API corelib has: `python -m tests.oracle.coverage > docs/coverage.md`.

A name that a user can call is present or missing, and nothing else. Present means that an oracle test calls it and it comes
back (`called.txt`, which a run with `--names` writes). What is no name for users is said by `users`, from what PyTorch says of it.
"""
