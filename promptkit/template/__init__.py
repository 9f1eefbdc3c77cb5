"""Templates in Jinja: what they may do, what they name and where it goes, and rendering within limits.

`templates` compiles and renders. `syntax` reads a text into a tree, `walk` follows what it names and does without
rendering it. `environment` is what templates run in, `fences` keeps strangers' text apart. Importing the package loads
no Jinja: only `environment`, what it is made of, and `parser` do, and they are imported when a template needs them.
"""

from __future__ import annotations

from promptkit.template.templates import Site, Templates

__all__ = ["Site", "Templates"]
