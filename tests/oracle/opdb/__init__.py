"""PyTorch's own tables of samples, op_db, module_db and optim_db, run by both libraries and compared."""

import warnings

with warnings.catch_warnings():  # it says which packages for its own tests are not here
    warnings.simplefilter("ignore")
    from torch.testing._internal import common_methods_invocations as _common_methods_invocations, common_modules as _common_modules, common_optimizers as _common_optimizers  # noqa: F401
