"""An explained rendering as one HTML page: colours by kind, and where each piece comes from under the pointer.

The page holds no script, loads nothing, and shows every text as text.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from promptkit.tokens import PieceEstimate

if TYPE_CHECKING:
    from promptkit.explanation import Explained, ExplainedMessage, Piece

_STYLE = """
:root { color-scheme: light dark; --ink: #1c1c1c; --paper: #fff; --rule: #d5d5d5; --value: #cfe6ff; --example: #dff3d8;
  --promptkit: #ececec; --history: #f3e2fb; --stranger: #ffd9cc; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #161616; --rule: #3a3a3a; --value: #143a5e;
  --example: #1f4018; --promptkit: #2c2c2c; --history: #43244f; --stranger: #6b2a17; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 72rem;
  margin: 2rem auto; padding: 0 1rem; }
h2 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
h2 small { font-weight: normal; opacity: .7; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--rule); border-radius: 6px;
  padding: .8rem; margin: 0; font: 13px/1.5 ui-monospace, monospace; }
.value { background: var(--value); } .example { background: var(--example); }
.promptkit { background: var(--promptkit); }
.history { background: var(--history); } .stranger { background: var(--stranger); }
pre span:hover { outline: 1px solid currentColor; }
.legend span { padding: .1rem .5rem; margin-right: .5rem; border-radius: 4px; border: 1px solid var(--rule); }
table { border-collapse: collapse; margin-top: .3rem; } td { padding: .1rem .8rem .1rem 0; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
td.bar { width: 20rem; } td.bar div { background: var(--value); height: .8rem; border-radius: 2px; }
"""
_LEGEND = {
    "template": "the template's own text",
    "value": "a value",
    "stranger": "an untrusted value",
    "example": "an example",
    "promptkit": "promptkit's words",
    "history": "an earlier turn",
}


def page(explained: Explained, title: str) -> str:
    """The whole page, in UTF-8."""
    messages = "\n".join(map(_message, explained.messages))
    legend = "".join(f'<span class="{kind}">{escape(words)}</span>' for kind, words in _LEGEND.items())
    notes = "".join(f"<p>note: {escape(note)}</p>" for note in explained.notes)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{escape(title)}</h1>
<p class="legend">{legend}</p>
{notes}
{messages}
<h2>Tokens by origin <small>estimated; the first ~{explained.cacheable():,} are the same for every call</small></h2>
{_tokens(explained)}
</body>
</html>
"""


def _message(message: ExplainedMessage) -> str:
    count = PieceEstimate().count(message.shown)
    pieces = "".join(map(_piece, message.pieces))
    called = "".join(f"\n{escape(each)}" for each in message.called)
    return f"<h2>{message.role} <small>~{count:,} tokens</small></h2>\n<pre>\n{pieces}{called}</pre>"


def _piece(piece: Piece) -> str:
    kind = "stranger" if piece.trust else "example" if piece.example else piece.kind
    return f'<span class="{kind}" title="{escape(told(piece))}">{escape(piece.text)}</span>'


def told(piece: Piece) -> str:
    """Where a piece comes from, in one line for each fact."""
    facts = [
        piece.origin if piece.section in ("", piece.origin) else f"{piece.origin}, in {piece.section}",
        piece.place,
    ]
    facts += [f"included at {place}" for place in reversed(piece.includes)]
    facts += [f"from {piece.trust}"] if piece.trust else []
    facts += [f"neutralised: {', '.join(piece.neutralised)}"] if piece.neutralised else []
    facts += ["the same for every call"] if piece.cacheable else []
    return "\n".join(filter(None, facts))


def _tokens(explained: Explained) -> str:
    counted = explained.tokens()
    whole = sum(counted.values()) or 1
    rows = "\n".join(_row(origin, count, count * 100 / whole) for origin, count in counted.items())
    return f"<table>\n{rows}\n</table>"


def _row(origin: str, count: int, share: float) -> str:
    numbers = f'<td class="number">~{count:,}</td><td class="number">{share:.0f} %</td>'
    bar = f'<td class="bar"><div style="width: {share:.1f}%"></div></td>'
    return f"<tr><td>{escape(origin)}</td>{numbers}{bar}</tr>"
