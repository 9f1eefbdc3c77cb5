"""A conversation at the command line: turns, commands, and what is told between them."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from promptkit.cli import common
from promptkit.cli.chat_lines import EditedLines, PlainLines, dumb, piped_lines
from promptkit.cli.receipt import as_text, receipt, tell_receipt
from promptkit.cli.report import report_exception, say
from promptkit.cli.terminal import put
from promptkit.diagnostics import did_you_mean
from promptkit.errors import ConfigError, PromptkitError
from promptkit.phrases import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from promptkit.conversation import Conversation, Turn
    from promptkit.result import Result


class Talk:
    """A conversation that goes on until its lines end. `save_to` gets each turn when it has ended.

    Commands are a person's: through a pipe every line is said as it is.
    """

    def __init__(self, chat: Conversation[Any], template: str, *, save_to: str | None, form: str, quiet: bool) -> None:
        self.chat = chat
        self._template = template
        self._save_to = save_to
        self._form = form
        self._quiet = quiet
        self._forks: dict[str, Conversation[Any]] = {}
        self._failed = ""  # a text that was said, and has no answer
        self._used = 0  # tokens of the window, by the server's own count
        self._watched = False
        self._ending = False

    def hold(self) -> None:
        """Talk. Through a pipe the first turn that fails is raised; a person is told, and goes on."""
        from promptkit.cli.chat import interactive

        for change in self.chat.changes:
            say(f"warning: {change}")
        if interactive():
            self._watched = True
            with self._terminable():
                self._with_a_person()
        else:
            for line in piped_lines():
                self._say(line)  # whatever it is: it may be somebody else's
        self._goodbye()

    # Lines

    def _with_a_person(self) -> None:
        lines = self._lines()
        turns = f"; {len(self.chat.turns)} turns so far" if self.chat.turns else ""
        name = repr(self.chat.prompt).removeprefix("<Prompt ").removesuffix(">")
        say(f"{name} with {self.chat.prompt.model}{turns}. /help lists the commands, Ctrl-D ends.", quiet=self._quiet)
        while True:
            line = ""
            try:
                line = lines.read()
                if not self._take(line):
                    return
            except EOFError:
                return
            except KeyboardInterrupt:
                if self._ending:
                    raise
                say("stopped; the conversation is as it was before. Ctrl-D ends it.")
            except PromptkitError as error:
                report_exception(error)
                if not line.startswith("/"):
                    say("the conversation is as it was before; /retry says it again")

    def _lines(self) -> PlainLines | EditedLines:
        if dumb():
            return PlainLines(self.status)
        client = self.chat.prompt.client
        kept = client.log is not None and client.settings.log_content
        history = client.settings.log_path.with_name("chat-history") if kept else None
        return EditedLines(self.status, [f"/{name}" for name in COMMANDS], history, client.redactor)

    def _take(self, line: str) -> bool:
        """Do what a line says; whether to go on."""
        text = line.strip()
        if not text:
            return True
        if text.startswith("/") and not text.startswith("//"):
            return self._obey(text)
        self._say(text.removeprefix("/") if text.startswith("//") else text)
        return True

    def _say(self, text: str) -> None:
        """A turn: said, answered, kept."""
        self._failed = text
        given = self.chat.prompt.inputs_from_texts({self.chat.input: text})[self.chat.input]
        turn = self._answered(given)
        self.chat, self._failed = turn.conversation, ""
        usage = turn.result.attempts[-1].usage
        self._used = usage.prompt_tokens + usage.completion_tokens - usage.reasoning_tokens
        if not self._quiet:
            for step in turn.memory:
                say(str(step))
            tell_receipt(turn.result, verbose=False)
        if self._save_to is not None:
            self._keep(self._save_to)

    def _keep(self, path: str) -> None:
        """Save a turn that has ended; a person goes on without the file, and is told."""
        try:
            self.chat.save(path)
        except ConfigError as error:
            if not self._watched:
                raise
            report_exception(error)
            say("the turn is kept here, but not in the file")

    def _answered(self, given: Any) -> Turn[Any]:
        from promptkit.cli.live import follow, shows_its_text
        from promptkit.cli.waiting import waiting

        prompt = self.chat.prompt
        quiet = self._quiet or prompt.asks
        if self._form == "text" and shows_its_text(prompt):
            stream, turns = self.chat.stream(given), []

            def ended() -> Result[Any]:
                turns.append(stream.turn())
                return turns[0].result

            follow(prompt, stream, ended, to_stdout=True, quiet=quiet)
            return turns[0]
        with waiting(prompt.model, quiet=quiet):
            turn = self.chat.send(given)
        put(self._shown(turn.result))
        return turn

    def _shown(self, result: Result[Any]) -> str:
        """An answer that is not shown while it comes: in a line, unless a person reads it."""
        if self._form == "json":
            return common.to_line(receipt(self.chat.prompt, result))
        if self._watched or isinstance(result.output, str):
            return as_text(self.chat.prompt, result)
        from promptkit.record import plain_data

        return common.to_line(plain_data(result.output))

    # What is always in sight

    def status(self) -> str:
        """Model, turns, window and bill, in a line."""
        if self._quiet:
            return ""
        facts, count = self.chat.prompt.facts, len(self.chat.turns)
        used = self._used or sum(turn.tokens for turn in self.chat.turns)
        window = facts.context_length
        share = (
            f" of {window:,} tokens ({used * 100 / window:.0f} %)" if window else " tokens (its window is not known)"
        )
        cost = self.chat.cost if count else 0.0
        bill = "price not known" if cost is None else f"${cost:.6f}"
        usage = self.chat.usage
        total = f"{usage.prompt_tokens:,} in, {usage.completion_tokens:,} out"
        about = "" if self._used else "~"
        return f"{self.chat.prompt.model}  {counted(count, 'turn')}  {about}{used:,}{share}  {total}  {bill}"

    def _goodbye(self) -> None:
        last = self.chat.turns[-1].record_id if self.chat.turns else ""
        if last and self._watched:
            say(f"go on with it: promptkit chat {self._template} --resume {last[:12]}", quiet=self._quiet)

    @contextmanager
    def _terminable(self) -> Iterator[None]:
        """Let a polite request to end end the conversation, though Ctrl-C only stops an answer."""

        def end(*_: object) -> None:
            self._ending = True
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGTERM, end)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)

    # Commands

    def _obey(self, text: str) -> bool:
        name, _, rest = text[1:].partition(" ")
        if name not in COMMANDS:
            cure = did_you_mean(name, COMMANDS) or "/help lists them; `//` begins a text with a slash"
            raise ConfigError(f"there is no command `/{name}`", help=cure)
        if name == "quit":
            return False
        act: Callable[[str], None] = getattr(self, f"_{name}")
        act(rest.strip())
        return True

    def _help(self, _: str) -> None:
        width = max(len(each.usage) for each in COMMANDS.values())
        say("\n".join(f"{each.usage:{width}}  {each.told}" for each in COMMANDS.values()))
        say('Alt-Enter begins a new line; so does a line that ends in \\ or begins with """ on a plain terminal.')

    def _save(self, path: str) -> None:
        target = path or self._save_to
        if not target:
            raise ConfigError("name the file: `/save chat.jsonl`")
        self.chat.save(target)
        self._save_to = target
        say(f"saved in {target}, and each turn from now on")

    def _load(self, name: str) -> None:
        from promptkit.conversation import Conversation

        prompt, memory = self.chat.prompt, self.chat.memory
        if not name:
            raise ConfigError("name a fork, a file, or a turn in the log: `/load chat.jsonl`")
        if name in self._forks:
            self.chat, self._save_to = self._forks[name], None
        elif Path(name).exists() or prompt.client.log is None or "/" in name or "." in name:
            self.chat = Conversation.load(name, prompt, **self._given()).using(memory=memory)
            self._save_to = name
        else:
            self.chat = Conversation.from_log(name, prompt, **self._given()).using(memory=memory)
            self._save_to = None
        self._used, self._failed = 0, ""
        for change in self.chat.changes:
            say(f"warning: {change}")
        self._tell_last()

    def _given(self) -> dict[str, Any]:
        """Secret inputs, which no file keeps."""
        given = self.chat.inputs
        return {name: given[name] for name in self.chat.prompt.spec.secret_inputs & given.keys()}

    def _fork(self, name: str) -> None:
        kept = name or str(len(self._forks) + 1)
        self._forks[kept] = self.chat.fork()
        say(f"kept as {kept}; `/load {kept}` goes back to it, without a file to be saved in")

    def _rewind(self, turns: str) -> None:
        if turns and not (turns.isascii() and turns.isdigit() and len(turns) < _MOST_DIGITS):
            raise ConfigError(f"`{turns[:40]}` is no number of turns", help="`/rewind 2` takes two turns back")
        self.chat = self.chat.rewind(int(turns or 1))
        self._used, self._failed = 0, ""
        self._tell_last()

    def _tell_last(self) -> None:
        turns = self.chat.turns
        last = f"; the last one was: {' '.join(turns[-1].text.split())[:80]}" if turns else ""
        say(f"{counted(len(turns), 'turn')}{last}")

    def _tokens(self, _: str) -> None:
        from promptkit.cli.token_bars import fit_text

        say(f"memory: {self.chat.memory}\n{fit_text(self.chat.fit(self._sample()))}")

    def _system(self, _: str) -> None:
        from promptkit.cli.messages import blocks

        prompt = self.chat.prompt.using(history=())
        rendered = prompt.render({**self.chat.inputs, self.chat.input: self._sample()})
        say(blocks(rendered.messages[:-1], self.chat.counter) or "there is no system message")

    def _sample(self) -> Any:
        """A text in the place of the next turn's: the last one, which is known to fit the input."""
        text = self.chat.turns[-1].text if self.chat.turns else "..."
        try:
            return self.chat.prompt.inputs_from_texts({self.chat.input: text})[self.chat.input]
        except PromptkitError:
            return text

    def _tools(self, _: str) -> None:
        offered = (
            self.chat.prompt.using(history=()).request({**self.chat.inputs, self.chat.input: self._sample()}).tools
        )
        listed = [f"{each['function']['name']}  {each['function'].get('description', '')}".rstrip() for each in offered]
        say("\n".join(listed) or "no tools are offered; `--tools MODULE:FUNCTION` offers some")

    def _retry(self, _: str) -> None:
        """Say the last text again: the one that failed, or that of the last turn in its place."""
        if not self._failed and not self.chat.turns:
            raise ConfigError("nothing was said yet")
        text, before = self._failed or self.chat.turns[-1].text, self.chat
        if not self._failed:
            self.chat = self.chat.rewind()
        try:
            self._say(text)
        except BaseException:
            self.chat = before
            raise


_MOST_DIGITS = 9


class _Told(NamedTuple):
    """A command: how it is written, and what it does."""

    usage: str
    told: str


COMMANDS = {
    "help": _Told("/help", "list the commands"),
    "save": _Told("/save [FILE]", "save the conversation, and each turn from now on"),
    "load": _Told("/load NAME", "go on with a fork, a saved file, or a turn in the log by its id"),
    "fork": _Told("/fork [NAME]", "keep the conversation as it is now, and go on with a copy"),
    "rewind": _Told("/rewind [N]", "take back the last turn, or the last N"),
    "retry": _Told("/retry", "say the last text again"),
    "tokens": _Told("/tokens", "show what the next turn fills of the window, part by part"),
    "system": _Told("/system", "show what is sent before the turns"),
    "tools": _Told("/tools", "list the tools that the model may call"),
    "quit": _Told("/quit", "end; so does Ctrl-D"),
}
