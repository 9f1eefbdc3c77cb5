"""`promptkit chat`: a conversation in the terminal or through a pipe; `chat replay`: what a memory would send."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from promptkit.cli import common
from promptkit.cli.chat_memory import parsed_memory
from promptkit.cli.replay_table import replay

if TYPE_CHECKING:
    from promptkit.conversation import Conversation
    from promptkit.prompt import Prompt


class _ChatGroup(click.Group):
    """Talks with the template that is named, unless a command of its own is."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read `TEMPLATE ...` as `with TEMPLATE ...`."""
        named = args[0] if args else "--help"
        return super().parse_args(ctx, args if named in (*self.commands, "-h", "--help") else ["with", *args])


@click.group("chat", cls=_ChatGroup, subcommand_metavar="TEMPLATE [OPTIONS] | replay TRANSCRIPT [OPTIONS]")
def command() -> None:
    """Hold a conversation with TEMPLATE, or preview what a memory policy would send.

    Each line is a turn. On a terminal there are commands, `/help` lists them; the window and the bill are always in
    sight, and Ctrl-C stops an answer and keeps the conversation. Through a pipe it is one line in, one answer out,
    whatever the line says.
    `promptkit chat with --help` lists the options, `promptkit chat replay --help` those of a replay.

    \b
    Examples:
      promptkit chat triage/triage.yaml
      promptkit chat triage/triage.yaml -m gpt-oss-120b --memory "last: 20, summarise: true"
      promptkit chat triage/triage.yaml --resume last
      promptkit chat triage/triage.yaml -m simulate: -q < lines.txt
      promptkit chat replay chat.jsonl --memory full --memory "last: 4"
    """


@command.command("with", short_help="Hold a conversation; `with` may be left out.")
@common.template_argument
@common.input_options
@common.model_option
@common.generation_options
@common.tool_options
@click.option("--tools-approve", is_flag=True, help="Run tools that are to be confirmed without asking.")
@click.option(
    "--memory", metavar="POLICY", help="Another memory than the file's: full, summarise, or such as `last: 20`."
)
@click.option("--load", "saved", metavar="FILE", type=click.Path(readable=False), help="Go on with a saved one.")
@click.option(
    "--resume", metavar="ID|last", help="Go on after a turn that is in the log; `promptkit log chats` lists them."
)
@click.option("--save", "save_to", metavar="FILE", type=click.Path(readable=False), help="Save after each turn.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="text: the answers alone; json: each answer with its receipt, in a line.",
)
@click.option("--no-log", is_flag=True, help="Keep this conversation out of the log.")
@click.option("-q", "--quiet", is_flag=True, help="Only the answers, and errors.")
def talk_with(
    template: str,
    params: tuple[str, ...],
    inputs_file: str | None,
    model: str | None,
    options: tuple[str, ...],
    tools: tuple[str, ...],
    tools_approve: bool,
    memory: str | None,
    saved: str | None,
    resume: str | None,
    save_to: str | None,
    form: str,
    no_log: bool,
    quiet: bool,
) -> None:
    """Hold a conversation with TEMPLATE: each line is a turn.

    Answers go to stdout and everything else to stderr. Exit codes are those of `promptkit run`; through a pipe, the
    first turn that fails ends it.

    \b
    Examples:
      promptkit chat with triage/triage.yaml
      promptkit chat with triage/triage.yaml --save other.jsonl
      promptkit chat with triage/triage.yaml --load chat.jsonl
    """
    from promptkit.cli.chat_session import Talk
    from promptkit.cli.generation import read_options
    from promptkit.cli.inputs import read_inputs
    from promptkit.cli.results import refuse_unwritable
    from promptkit.cli.templates import load_prompt
    from promptkit.cli.terminal import hide
    from promptkit.cli.tools import confirming, named_tools
    from promptkit.client import Client
    from promptkit.settings import load_settings
    from promptkit.transcript import refuse_other_file

    if template == "-" or inputs_file == "-":
        raise click.UsageError("stdin is what is said: the template and the inputs come from files")
    if saved is not None and resume is not None:
        raise click.UsageError("--load and --resume both say where to go on")
    refuse_unwritable(save_to)
    refuse_other_file(save_to)
    prompt = load_prompt(template, quiet=quiet)
    settings = load_settings()
    hide(*settings.secrets)
    if resume is not None and (no_log or not settings.log):
        raise click.UsageError("--resume goes on in the log, which is switched off")
    with Client(settings=settings, log=settings.log and not no_log) as client:
        confirm = confirming(approve=tools_approve)
        prompt = prompt.using(model=model, client=client, tools=named_tools(tools), confirm=confirm)
        prompt = prompt.using(options=read_options(options))
        chat = _begun(prompt, read_inputs(prompt, params, inputs_file), saved, resume)
        chat = chat.using(memory=parsed_memory(memory)) if memory is not None else chat
        Talk(chat, template, save_to=save_to or saved, form=form, quiet=quiet).hold()


def _begun(prompt: Prompt[Any], inputs: dict[str, Any], saved: str | None, resume: str | None) -> Conversation[Any]:
    """The conversation to go on with. Raises `InputError` for inputs that are missing beside the turn's text."""
    from promptkit.conversation import Conversation
    from promptkit.errors import ConfigError

    if saved is not None:
        chat = Conversation.load(saved, prompt, **inputs)
    elif resume == "last":
        log = prompt.client.log
        found = log.chats(1, prompt.name) if log else ()
        if not found:
            raise ConfigError(f"there is no conversation with {prompt.name} in the log", help="leave --resume out")
        chat = Conversation.from_log(found[0]["id"], prompt, **inputs)
    elif resume is not None:
        chat = Conversation.from_log(resume, prompt, **inputs)
    else:
        chat = prompt.chat(inputs)
    declared = prompt.spec.inputs[chat.input].json_schema
    if isinstance(declared, dict) and declared.get("type") == "string" and "enum" not in declared:
        prompt.render({**chat.inputs, chat.input: "..."})  # what else is missing is told at once
    return chat


def interactive() -> bool:
    """Whether somebody types, and sees what is told."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr is not None and sys.stderr.isatty()


command.add_command(replay)
