"""Names that stand for something in compiled templates, and that neither a template nor an input can have."""

from __future__ import annotations

PRIVATE = "\N{MODIFIER LETTER LOW VERTICAL LINE}"
"""Part of every such name: a letter to Python, and so fit for a variable, that Jinja's lexer refuses.

An input's name is made of ASCII letters, digits and `_`.
"""
SELF = f"self{PRIVATE}"
"""What `self` is called, where Jinja would take it for the template itself."""
