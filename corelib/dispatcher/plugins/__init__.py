"""From entry points to backends: plugins are discovered, checked, loaded and registered here, and described for people."""
