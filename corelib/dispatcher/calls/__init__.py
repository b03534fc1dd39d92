"""From a call to its kernel: the entry functions, the slow paths behind them, in-place and `out=` forms, and what runs where there is no kernel."""
