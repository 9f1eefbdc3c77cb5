"""The answer while it arrives: what of it can be shown already, and where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptkit.cli.receipt import tool_call
from promptkit.cli.report import say
from promptkit.cli.terminal import put, tell, watched
from promptkit.cli.waiting import waiting
from promptkit.events import AttemptAbandoned, ReasoningDelta, TextDelta, ToolReturned
from promptkit.late_pattern import LatePattern
from promptkit.output.reasoning import split_tags

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptkit.chat_streams import ChatStream
    from promptkit.prompt import Prompt
    from promptkit.result import Result
    from promptkit.streams import Stream

_TAG = r"<(?:think|thinking|reasoning)>"
_OPEN = LatePattern(rf"{_TAG}(?!.*</(?:think|thinking|reasoning)>)", re.IGNORECASE | re.DOTALL)
_BEGUN = LatePattern(r"</?[a-z]{0,9}\Z", re.IGNORECASE)


def streamed(prompt: Prompt[Any], inputs: dict[str, Any], *, to_stdout: bool, quiet: bool) -> Result[Any]:
    """Run a prompt and show its answer as it comes; see `follow`."""
    stream = prompt.stream(inputs)
    return follow(prompt, stream, stream.result, to_stdout=to_stdout, quiet=quiet)


def follow(
    prompt: Prompt[Any],
    stream: Stream[Any] | ChatStream[Any],
    result: Callable[[], Result[Any]],
    *,
    to_stdout: bool,
    quiet: bool,
) -> Result[Any]:
    """Show the answer of a stream as it comes, and give its result.

    To stdout (only where `shows_its_text`) without the reasoning; else the raw text on stderr, for whoever watches.
    """
    show = _on_stdout if to_stdout else _on_stderr
    return show(prompt, stream, result, quiet=quiet)


def shows_its_text(prompt: Prompt[Any]) -> bool:
    """Whether the model's text is the answer as it stands: nothing in it can be found invalid once it is shown."""
    from promptkit.chain_of_thought import thought_mode

    output = prompt.spec.output
    free = output.format == "text" or (output.format == "markdown" and not output.headings)
    judged = output.strict or any(check.asserted for check in output.checks)
    return free and not judged and thought_mode(prompt.spec, prompt.facts) in ("off", "native")


class LiveText:
    """A text that grows, and how much of its answer is settled. `thinks`: the model is known to reason.

    Reasoning between tags is not shown. A model that reasons and whose server does not tell reasoning apart may
    leave its opening tag out; then nothing is settled before the closing one.
    """

    def __init__(self, *, thinks: bool) -> None:
        self.shown = ""
        self._text = ""
        self._waits = thinks
        self._tags = False

    def told_apart(self) -> None:
        """The server sends the reasoning by itself: what is text is answer."""
        self._waits = False

    def feed(self, piece: str) -> str:
        """Take the next piece; what can be shown now."""
        self._text += piece
        self._tags = self._tags or "<" in piece
        new = self._new()
        self.shown += new
        return new

    def _new(self) -> str:
        if not self._tags and not self._waits:  # the usual text, in time that is linear in it
            return self._text[len(self.shown) :].rstrip()
        settled = self._settled()
        return settled[len(self.shown) :] if settled.startswith(self.shown) else ""

    def _settled(self) -> str:
        if self._waits and not re.search(r"</(?:think|thinking|reasoning)>", self._text, re.IGNORECASE):
            return ""
        opened = _OPEN.search(self._text)
        text = self._text[: opened.start()] if opened else self._text
        return _BEGUN.sub("", split_tags(text).answer).rstrip()


def _on_stdout(
    prompt: Prompt[Any], stream: Stream[Any] | ChatStream[Any], ended_with: Callable[[], Result[Any]], *, quiet: bool
) -> Result[Any]:
    live = LiveText(thinks=bool(prompt.facts.reasoning))
    ended = False
    try:
        with waiting(prompt.model, quiet=quiet) as end_waiting, stream:
            for event in stream:
                end_waiting()
                if isinstance(event, ReasoningDelta):
                    live.told_apart()
                elif isinstance(event, TextDelta) and (new := live.feed(event.text)):
                    put(new, end="")
                elif isinstance(event, AttemptAbandoned):
                    say(f"asked again: {event.reason}", quiet=quiet)
                    live = LiveText(thinks=bool(prompt.facts.reasoning))
                elif isinstance(event, ToolReturned):
                    say(tool_call(event.run), quiet=quiet)
            result = ended_with()
        put(_rest(live.shown, str(result.output)))
        ended = True
    finally:
        if live.shown and not ended:
            put("")
    return result


def _rest(shown: str, answer: str) -> str:
    if answer.startswith(shown):
        return answer[len(shown) :]
    say("warning: what was shown so far was the model's reasoning; the answer:")
    return f"\n{answer}"


def _on_stderr(
    prompt: Prompt[Any], stream: Stream[Any] | ChatStream[Any], ended_with: Callable[[], Result[Any]], *, quiet: bool
) -> Result[Any]:
    shows, started = watched() and not quiet, False
    try:
        with waiting(prompt.model, quiet=quiet) as end_waiting, stream:
            for event in stream:
                end_waiting()
                if isinstance(event, TextDelta) and shows:
                    tell(event.text, end="")
                    started = True
                elif isinstance(event, AttemptAbandoned):
                    say("\n" * started + f"asked again: {event.reason}", quiet=quiet)
                elif isinstance(event, ToolReturned):
                    say("\n" * started + tool_call(event.run), quiet=quiet)
            return ended_with()
    finally:
        if started:
            tell("")
