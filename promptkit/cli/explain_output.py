"""What `render --explain` and `render --untrusted` show on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.cli.messages import WIDTH, ruled
from promptkit.phrases import shortened

if TYPE_CHECKING:
    from promptkit.explanation import Explained, ExplainedMessage, Piece
    from promptkit.tokens import TokenCounter

_LONGEST_ORIGIN = 24
_LONGEST_PLACE = 32
_BAR = 24
_MOST_SHOWN = 120


def explained_text(explained: Explained, counter: TokenCounter) -> str:
    """Each message piece by piece, beside its origin and place; and the tokens by origin."""
    pieces = [piece for _, piece in explained.pieces()]
    widths = (
        min(_LONGEST_ORIGIN, max((len(_origin(piece)) for piece in pieces), default=0)),
        min(_LONGEST_PLACE, max((len(piece.place) for piece in pieces), default=0)),
    )
    return "\n\n".join(
        (*(_message(message, widths, counter) for message in explained.messages), _tokens(explained, counter))
    )


def _message(message: ExplainedMessage, widths: tuple[int, int], counter: TokenCounter) -> str:
    example = max((piece.example for piece in message.pieces), default=0)
    lines = [ruled(f"{message.role} (example {example})" if example else message.role, message.shown, counter)]
    for piece in message.pieces:
        lines += _piece(piece, widths) if piece.text.strip("\n") else ()
    lines += message.called
    return "\n".join(lines)


def _piece(piece: Piece, widths: tuple[int, int]) -> list[str]:
    margin = f"{_origin(piece):<{widths[0]}}  {piece.place:<{widths[1]}}  "
    first, *rest = piece.text.strip("\n").split("\n")
    told = [f"{margin}{first}", *(f"{'':<{len(margin)}}{line}" for line in rest)]
    further = [f"included at {place}" for place in reversed(piece.includes)]
    further += [f"neutralised: {', '.join(piece.neutralised)}"] if piece.neutralised else []
    return [line.rstrip() for line in (*told, *(f"  ({each})" for each in further))]


def _origin(piece: Piece) -> str:
    """`ticket (user)` for a value, the section of a text, the words of whoever else speaks."""
    if piece.inputs:
        named = ", ".join(piece.inputs)
        return f"{{{named}}} ({piece.trust})" if piece.trust else f"{{{named}}}"
    if piece.kind in ("promptkit", "history"):
        return piece.kind
    return piece.origin if piece.kind == "example" else piece.section


def _tokens(explained: Explained, counter: TokenCounter) -> str:
    counted = explained.tokens(counter)
    whole = sum(counted.values()) or 1
    width = max(map(len, counted), default=0)
    rows = [
        f"{origin:<{width}}  {f'~{count:,}':>8}  {count * 100 / whole:3.0f} %  {_bar(count / whole)}".rstrip()
        for origin, count in counted.items()
    ]
    same = f"the first ~{explained.cacheable(counter):,} tokens are the same for every call"
    return "\n".join((f"tokens by origin {'-' * (WIDTH - 17)}", *rows, same))


def _bar(share: float) -> str:
    return "\N{FULL BLOCK}" * round(share * _BAR)


def untrusted_text(explained: Explained) -> str:
    """Which text comes from whom, for all that does not come from the caller."""
    found = [_stranger(explained, index, piece) for index, piece in explained.untrusted()]
    return "\n\n".join(found) if found else "no text comes from untrusted inputs"


def _stranger(explained: Explained, index: int, piece: Piece) -> str:
    role = explained.messages[index].role
    example = f", example {piece.example}" if piece.example else ""
    head = f"from {piece.trust}: {', '.join(piece.inputs)}, in message {index + 1} ({role}, {piece.section}{example})"
    facts = [f"  {len(piece.text):,} characters, printed at {piece.place}"]
    facts += [f"  neutralised: {', '.join(piece.neutralised)}"] if piece.neutralised else []
    shown = " ".join(piece.text.split())
    shown = shortened(shown, _MOST_SHOWN)
    return "\n".join((head, *facts, f"  {shown}"))
