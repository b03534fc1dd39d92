"""Elements chosen by index or mask, read and written: `x[...]`, take and put, gather and scatter, select."""
