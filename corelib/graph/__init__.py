"""What is recorded: grad modes, nodes and their edges, hooks, and in-place changes. The engine that walks it is in `corelib.autograd`."""
