"""Templates in Jinja: what they may do, what they name and where it goes, and rendering within limits.

`templates` compiles and renders, `analysis` reads without rendering, `sandbox` is the environment, `fences`
keeps strangers' text apart. Only `templates`, `analysis`, `fencing`, `filters` and `sandbox` import jinja2, late.
"""

from __future__ import annotations

from promptkit.template.templates import Templates

__all__ = ["Templates"]
