"""A module that imports its driver's library at the top, and the library is not there."""

raise ImportError("libquantum.so.7: cannot open shared object file")
