"""The version of the distribution, read by the build and by ``promptkit --version``."""

__version__ = "0.1.0"
