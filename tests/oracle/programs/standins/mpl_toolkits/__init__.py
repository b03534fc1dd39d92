"""mpl_toolkits' names, which draw nothing."""

import matplotlib  # noqa: F401  in sys.modules it puts its own in this one's place
