"""The tests' own packages in this folder (`executor`) are imported by their names. This folder is no package itself: `cuda` is NVIDIA's."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
