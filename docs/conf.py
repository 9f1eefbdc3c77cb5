"""How Sphinx builds these pages: `make docs`."""

from promptkit import __version__

project = "promptkit"
author = "The promptkit developers"
copyright = "The promptkit developers"
release = version = __version__
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "promptkit"
