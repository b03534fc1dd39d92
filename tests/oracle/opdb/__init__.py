"""PyTorch's own tables of samples, op_db, module_db and optim_db, run by both libraries and compared."""
