"""Templates in Jinja: what they may do, what they name and where it goes, and rendering within limits.

`templates` compiles and renders. `syntax` reads a text into a tree, `walk` follows what it names and does without
rendering it. `sandbox` is the environment, `fences` keeps strangers' text apart. jinja2 is imported late everywhere.
"""

from __future__ import annotations

from promptkit.template.templates import Site, Templates

__all__ = ["Site", "Templates"]
