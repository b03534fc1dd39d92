"""A bfloat16 for NumPy that can be held and copied, and whose every computation is an error: where ml_dtypes is not installed."""

import numpy as np

bfloat16 = np.dtype([("bfloat16", "<u2")])
