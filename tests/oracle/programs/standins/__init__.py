"""Small modules that stand beside the programs for libraries that are not installed: on the path of both runs, PyTorch's and ours."""
