"""Small parts of torch.utils that libraries read: locks in files, contexts as decorators, what foreach implementations ask."""
