"""Three backends that cannot be used: one raises when asked, one says why not, one answers with nonsense."""
