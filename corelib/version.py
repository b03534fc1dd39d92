"""The version of this core, for the face, the command and the plugins."""

__version__ = "0.1.0"
