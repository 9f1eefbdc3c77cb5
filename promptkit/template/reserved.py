"""Names that mean something of Jinja's own, and names in compiled templates that nothing else can have."""

from __future__ import annotations

PRIVATE = "\N{MODIFIER LETTER LOW VERTICAL LINE}"
"""Part of every such name: a letter to Python, and so fit for a variable, that Jinja's lexer refuses.

An input's name is made of ASCII letters, digits and `_`.
"""
SELF = f"self{PRIVATE}"
"""What `self` is called, where Jinja would take it for the template itself."""

MACRO_NAMES = frozenset(("caller", "varargs", "kwargs"))
"""What Jinja gives a macro beside its parameters."""
BLOCK_NAMES = MACRO_NAMES | {"loop"}
"""Names that stand for something in a block only; a template may not count on them in files that it includes."""
IMPLICIT_NAMES = BLOCK_NAMES | {"super", "self"}
"""All names that stand for something that no statement sets."""

LOOP_COUNTERS = {
    **dict.fromkeys(("index", "index0", "revindex", "revindex0", "length", "depth", "depth0"), "integer"),
    **dict.fromkeys(("first", "last"), "boolean"),
    **dict.fromkeys(("cycle", "changed"), ""),
}
"""What `loop` says of a loop, and not of what it runs through, with its JSON type if that is always the same one.

`cycle` gives one of its own arguments. From Jinja's template documentation, "For".
"""
