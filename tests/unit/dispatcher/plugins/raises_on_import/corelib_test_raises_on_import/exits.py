"""A module that ends the process, as a script does that was never meant to be imported."""

raise SystemExit("usage: quantum [options]")
