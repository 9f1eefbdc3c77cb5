"""Print the reference pages from the code.

    python docs/reference.py            write docs/reference/*.md
    python docs/reference.py --check    exit with 1 when a page is not what the code says

`make docs` writes them too.
"""

# ruff: noqa: SLF001, TID253

from __future__ import annotations

import inspect
import json
import re
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

import click

import promptkit
from promptkit import _HOMES, errors, renderer, spec
from promptkit.cli.main import command as promptkit_command
from promptkit.cli.report import BUG, EXIT_CODES, NOTHING_SELECTED
from promptkit.codes import page as code_page
from promptkit.codes import titles
from promptkit.limits import ROWS, Limits, variable
from promptkit.loader import load_spec
from promptkit.loading.assertion_checks import ASSERTIONS
from promptkit.models.documented import DOCUMENTED, RATE_LIMITS, READ_ON
from promptkit.options import IGNORED_BY_MARA, KNOWN_OPTIONS
from promptkit.parts import Part
from promptkit.schema import shorthand
from promptkit.schema.shorthand_types import TYPES
from promptkit.setting_table import KINDS, SETTINGS
from promptkit.source import Memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

FOLDER = Path(__file__).parent / "reference"
CASES = Path(__file__).parent.parent / "tests" / "cases" / "output"
WIDTH = 80

KEYS = {
    "promptkit": "The format's version. Read before anything else.",
    "name": "The prompt's name; by default its path under the root, without the ending.",
    "version": "Semantic version of the prompt's contract.",
    "description": "What the prompt is for.",
    "metadata": "Anything you like: authors, tags.",
    "extends": "A parent file. Keys of this file go over the parent's.",
    "model": "The model to ask, by name.",
    "options": "Parameters of the request, such as `temperature`.",
    "models": "What is different for one model: `options`, `chain_of_thought`.",
    "inputs": "Every variable that a template uses.",
    "persona": "Who the model is. A template.",
    "context": "What the model should know. A template.",
    "task": "What the model shall do. A template. Required, unless there are `messages`.",
    "messages": "The chat, message by message, in place of persona, context and task.",
    "output": "What the answer looks like, and how far promptkit may go to get it.",
    "examples": "Worked examples, checked against inputs and output when the file is loaded.",
    "examples_from": "Examples from a file of rows.",
    "chain_of_thought": "Whether and how the model reasons before it answers.",
    "tools": "Functions that the model may call.",
    "layout": "How sections are set.",
    "conversation": "Which input a turn's text is; `task: first` says the task in the first turn alone, not in `each`.",
    "memory": "How much of a conversation is sent again: `full`, or any of `last`, `tokens`, `pin`, `summarise`.",
    "budget": "What one call may cost at most: tokens of a request and of an answer, USD of all attempts together.",
    "tests": "Inputs, and what must hold for the answer. Checked like examples; this version does not run them.",
    "x-...": "Kept, not interpreted.",
}
PARTS: dict[str, tuple[str, type[Part], dict[str, str]]] = {
    "inputs": (
        "An input is a [shorthand](shorthand.md) text, or a mapping of JSON Schema keywords and these:",
        spec.Input,
        {
            "default": "The value when none is given. Makes the input optional.",
            "trust": "Whom the value comes from. All but `caller` are fenced.",
            "secret": "The value never reaches a template, the log, a record or an error.",
            "neutralise": "Whether chat markup in an untrusted value is made harmless.",
        },
    ),
    "messages": (
        "A list. An entry is a message, or one of the slots `{history: true}` and `{examples: true}`.",
        spec.MessageSpec,
        {
            "role": "Who speaks.",
            "content": "What is said. A template. Required, but for an assistant message that calls tools.",
            "tool_calls": "What an assistant message calls: a list of `{name, arguments, id}`, or as on the wire. Their"
            " results stand right behind it. `arguments` are data; an `id` is given where it is left out.",
            "tool_call_id": "The call that a `tool` message is the result of; without it the first that has none.",
        },
    ),
    "output": (
        "One of `fields`, `schema`, `items`, `choices` says what the value is; `format` follows from it.",
        spec.OutputSpec,
        {
            "format": "`json` with `fields` or `schema`, `choice` with `choices`, `list` with `items`.",
            "fields": "The fields of a JSON object, each in [shorthand](shorthand.md). Closed to all others.",
            "schema": "JSON Schema 2020-12, or `{$ref: file}`.",
            "items": "What each entry of a list is, in [shorthand](shorthand.md).",
            "choices": "The words of which the answer is one.",
            "headings": "The headings that a Markdown answer has.",
            "description": "What the answer is. Goes before the output instructions.",
            "instructions": "Whether promptkit says in the system message what the answer looks like, and how: in "
            "its notation (`true`), or with the `json_schema` as it is.",
            "checks": "What should hold for every answer, beyond the schema.",
            "attempts": "How many answers are asked for in all, re-asks included.",
            "repair": "Whether slips of syntax may be repaired, where there is one reading. Each is told.",
            "coerce": "Whether a value may be brought to its type, where nothing is lost. Each change is told.",
            "reask": "Whether the model is asked again, with what is wrong.",
            "strict": "Accept only an answer that needed nothing.",
        },
    ),
    "output.checks": (
        "A list of Jinja expressions over `value` and the inputs.",
        spec.CheckSpec,
        {
            "name": "What the check is called.",
            "that": "The expression.",
            "assert": "Whether an answer that fails it is invalid. Otherwise the failure is only reported.",
        },
    ),
    "examples": (
        "A list.",
        spec.Example,
        {
            "inputs": "The example's own inputs, over the defaults.",
            "reasoning": "The thinking that leads to the answer; shown with `chain_of_thought`.",
            "output": "The answer.",
        },
    ),
    "chain_of_thought": (
        "`true` is `auto`, `false` is `off`; or one of the modes; or a mapping.",
        spec.ChainOfThought,
        {
            "mode": "How the model reasons; see [How it renders](../explanation/rendering.md).",
            "instruction": "Your own words in place of `Think step by step`. A template.",
        },
    ),
    "models": (
        "A mapping from a model's name to what is different for it.",
        spec.ModelOverride,
        {"options": "Go over the prompt's options.", "chain_of_thought": "Goes in place of the prompt's."},
    ),
    "layout": (
        "A mapping.",
        spec.Layout,
        {
            "style": "Headings or tags around sections.",
            "section": "How one section looks, in place of a style: `{{ text }}` once, `{{ name }}`, `{{ title }}`.",
            "context": "The message in which the context stands.",
        },
    ),
    "tests": (
        "A list.",
        spec.TestCase,
        {
            "name": "What the test is called.",
            "inputs": "The inputs.",
            "output": "The answer that is expected.",
            "assert": "What must hold for the answer: a list of `{type, path, value}`. [All types](#assertions).",
        },
    ),
}
AUTHORED = {
    "inputs": ("default", "trust", "secret", "neutralise"),
    "output": ("format", "fields", "schema", "items"),
}
INTERNAL = {"json_schema", "has_default", "required", "inputs_schema", "extras", "summariser"}
INTERNAL |= {"path", "shown", "origins", "files"}
DECLARATIONS = (
    "string",
    "string, the customer's message",
    "string, 1..80",
    "integer, 1..5, 5 means an outage",
    "integer, 0..",
    "number | null",
    "billing | platform | security",
    '"true" | "false"',
    "[string]",
    '"[string], 1..10, lower case"',
    "string = Acme Cloud",
    "boolean = false",
    "date",
)


NESTED = """\
output:
  fields:
    buyer: {name: string, email?: string}
    items: [{product: string, quantity: "integer, 1.."}]
"""


def table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    lines = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    head = list(titles)
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *lines])


def code(text: Any) -> str:
    """Text as code, between more backticks than stand in it."""
    runs = [len(run) for run in re.findall("`+", str(text))]
    fence = "`" * (max(runs) + 1 if runs else 1)
    return f"{fence} {text} {fence}" if runs else f"`{text}`"


def first_line(thing: object) -> str:
    """The first sentence of a docstring."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


# The spec


def spec_page() -> str:
    """Every key of a prompt file."""
    known = set(spec.PromptSpec.declared) - INTERNAL | {"x-..."}
    complete("keys", known, KEYS)
    unsupported = {name.partition(":")[0] for name in renderer._UNSUPPORTED}
    later = sorted(unsupported - {"model", "output"})
    rows = (
        (f"[{code(key)}](#{key.replace('_', '-')})" if key in PARTS else code(key), words)
        for key, words in KEYS.items()
    )
    parts = [part(*entry) for entry in PARTS.items()]
    options = (
        (code(name), option.words, "ignored by MARA" if name in IGNORED_BY_MARA else "")
        for name, option in KNOWN_OPTIONS.items()
    )
    return "\n\n".join(
        (
            "# Prompt files",
            "A prompt file is YAML. Unknown keys are refused, at every level.",
            table(("key", "meaning"), rows),
            (
                f"{', '.join(map(code, later))} and a `model` that is described instead of named are read and checked, "
                "and refused by name when the prompt is rendered: this version cannot serve them."
            ),
            *parts,
            "## Assertions",
            "What a test says of the value at its `path`, or of the whole answer; `value` is what it is held against.",
            table(("type", "meaning"), ((code(name), said) for name, said in ASSERTIONS.items())),
            "## `options`",
            (
                "Parameters of the request. An option out of range is an error; one that MARA ignores, or that nobody "
                "has documented, is a warning."
            ),
            table(("option", "value", ""), options),
        )
    )


def part(key: str, entry: tuple[str, type[Part], dict[str, str]]) -> str:
    """One key that has keys of its own."""
    words, model, meanings = entry
    known = set(model.keys) - INTERNAL
    complete(key, known | set(AUTHORED.get(key, ())), meanings)
    rows = [(code(name), *value_of(model.keys.get(name), key, name), said) for name, said in meanings.items()]
    return f"## `{key}`\n\n{words}\n\n{table(('key', 'value', 'default', 'meaning'), rows)}"


def value_of(field: Any, key: str, name: str) -> tuple[str, str]:
    """What a key holds, and its default."""
    if field is None or (key, name) in (("inputs", "default"), ("output", "format"), ("examples", "output")):
        formats = " ".join(map(code, get_args(spec.OutputFormat)))
        return {"format": formats, "fields": "mapping", "items": "a declaration"}.get(name, "any"), ""
    default = "" if field.required or field.made() in (None, (), {}) else shown(field.default)
    return kind_of(field.hint), default


def kind_of(annotation: Any) -> str:
    """A type in words."""
    arguments = [each for each in get_args(annotation) if each is not type(None)]
    if get_origin(annotation) is Annotated:
        return kind_of(arguments[0])
    if get_origin(annotation) is tuple:
        return "list"
    if arguments and all(isinstance(each, str) for each in arguments):
        return " ".join(map(code, arguments))
    if get_origin(annotation) is dict or annotation is dict:
        return "mapping"
    if inspect.isclass(annotation) and issubclass(annotation, Part):
        return "mapping"
    plain = {str: "text", int: "whole number", float: "number", bool: "true or false", Any: "any"}
    return plain[annotation] if annotation in plain else kind_of(arguments[0])


def shown(value: Any) -> str:
    """A default as YAML has it."""
    return code(json.dumps(value) if not isinstance(value, str) else value)


def complete(what: str, known: set[str], told: Iterable[str]) -> None:
    """Stop when a key has no meaning here, or a meaning has no key."""
    if known != set(told):
        raise SystemExit(f"{what}: docs/reference.py and the code differ in {sorted(known ^ set(told))}")


# Shorthand


def shorthand_page() -> str:
    """The one-line notation."""
    lead, grammar, *rest = (inspect.getdoc(shorthand) or "").split("\n\n")
    rows = []
    for text in DECLARATIONS:
        quoted = text.removeprefix('"').removesuffix('"') if text.startswith('"[') else text
        declared = shorthand.parse_declaration(quoted)
        default = shown(declared.default) if declared.has_default else ""
        rows.append((code(quoted), code(json.dumps(declared.schema)), default))
    types = ((code(name), code(json.dumps(schema))) for name, schema in TYPES.items())
    return "\n\n".join(
        (
            "# Shorthand",
            f"{lead} Inputs and the `fields` and `items` of an output take it.",
            f"```text\n{inspect.cleandoc(grammar)}\n```",
            *rest,
            (
                "A key that ends in `?` is optional. A mapping is an object. In YAML, a list with bounds stands in "
                'quotes: `tags: "[string], 1..10"`.'
            ),
            "## Types",
            table(("type", "JSON Schema"), types),
            "## Examples",
            table(("declaration", "JSON Schema", "default"), rows),
            "## Objects and lists of objects",
            "A mapping is an object with these keys and no others; a list with one mapping in it is a list of such.",
            f"```yaml\n{NESTED}```",
            f"As JSON Schema:\n\n```json\n{json.dumps(nested_schema(), indent=1)}\n```",
        )
    )


def nested_schema() -> Any:
    """What `NESTED` declares."""
    return load_spec(Memory(), "nested.yaml", f"task: Extract the order.\n{NESTED}").output.json_schema


# Commands


def commands_page() -> str:
    """The help of every command."""
    context = click.Context(promptkit_command, info_name="promptkit", terminal_width=WIDTH)
    parts = [help_of(promptkit_command, context, 2)]
    for name, sub in subcommands(promptkit_command, context):
        inner = click.Context(sub, parent=context, info_name=name, terminal_width=WIDTH)
        parts.append(help_of(sub, inner, 2))
        for below, leaf in subcommands(sub, inner):
            parts.append(help_of(leaf, click.Context(leaf, parent=inner, info_name=below, terminal_width=WIDTH), 3))
    lead = (
        "The result goes to stdout, everything else to stderr. No colour off a terminal or with `NO_COLOR`. "
        "Exit codes are listed with the [errors](errors.md)."
    )
    return "\n\n".join(("# Commands", lead, *parts))


def subcommands(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    """The commands of a group."""
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield name, found


def help_of(command: click.Command, context: click.Context, level: int) -> str:
    """What `--help` prints."""
    context.help_option_names = ["-h", "--help"]
    return f"{'#' * level} `{context.command_path}`\n\n```text\n{command.get_help(context)}\n```"


# Errors and codes


def errors_page() -> str:
    """The exception tree, and the exit codes."""
    _, tree, *rest = (inspect.getdoc(errors) or "").split("\n\n")
    classes = [getattr(errors, name) for name in _HOMES["errors"]]
    rows = ((code(each.__name__), code(each.default_code), exit_of(each), first_line(each)) for each in classes)
    exits = [
        ("0", "All is well."),
        ("1", "Findings: `check` found errors."),
        ("2", "Usage, a prompt file or a setting is wrong."),
        ("3", "Inputs are wrong."),
        ("4", "The provider or the network failed."),
        ("5", "There is no key, or it is refused."),
        ("6", "The answer is still invalid after the whole ladder."),
        ("7", "A budget or the context window is exceeded."),
        ("8", "A recording or a lock is not what is there."),
        (str(NOTHING_SELECTED), "Nothing was selected."),
        (str(BUG), "A bug of promptkit. Please report it."),
        ("75", "A quota is used up: try later."),
        ("130", "Interrupted."),
    ]
    return "\n\n".join(
        (
            "# Errors",
            "Everything that promptkit raises. An exception of a provider or of a library never reaches you.",
            f"```text\n{inspect.cleandoc(tree)}\n```",
            *rest,
            table(("class", "code", "exit code", "meaning"), rows),
            "A class's code is its default; many errors carry a nearer one. [All codes](codes.md).",
            "## Exit codes",
            table(("code", "meaning"), exits),
        )
    )


def exit_of(error: type[Exception]) -> str:
    """The exit code of a class of errors."""
    return next(str(number) for kind, number in EXIT_CODES if issubclass(error, kind))


def codes_page() -> str:
    """Every diagnostic code."""
    rows = ((code(each), title, reason(each)) for each, title in titles().items())
    return "\n\n".join(
        (
            "# Codes",
            (
                "Codes are stable. `promptkit explain PK301` prints the whole page of one, with a bad and a good "
                "example. PK1xx is about the file, PK2xx about templates, PK3xx about inputs, examples and data, "
                "PK4xx about the answer, PK5xx about models and settings, PK6xx about repos."
            ),
            table(("code", "title", "why"), rows),
        )
    )


def reason(name: str) -> str:
    """The first paragraph of a code's page."""
    paragraphs = code_page(name).split("\n\n")
    return " ".join(paragraphs[1].split()) if len(paragraphs) > 1 else ""


# Settings, names, models


def repairs_page() -> str:
    """Every repair, with a text from the test cases before and after."""
    import yaml

    rows = []
    for path in sorted(CASES.glob("*.yaml")):
        case = yaml.safe_load(path.read_text(encoding="utf-8"))
        if case.get("repaired"):
            value = json.dumps(case["value"], ensure_ascii=False)
            rows.append(
                (case["says"], code(shown_text(case["text"])), code(value), "; ".join(dict.fromkeys(case["steps"])))
            )
    return "\n\n".join(
        (
            "# Repairs",
            (
                "What is done to an answer that is not valid JSON for its schema. Each row is a test case: the text, "
                "the value that comes of it, and the steps that are told. Line ends are shown as ⏎. Texts that have "
                "two readings are refused: [why a guess must be said](../explanation/guesses.md)."
            ),
            table(("what", "text", "value", "steps"), rows),
        )
    )


def shown_text(text: str) -> str:
    """A text in one line."""
    return text.replace("\n", "⏎").replace("\t", "⇥").replace("\ufeff", "U+FEFF ")


def settings_page() -> str:
    """Every setting."""
    rows = (
        (code(name), code(row.env) if row.env else "", KINDS[row.kind].words, default(row.default), row.doc)
        for name, row in SETTINGS.items()
    )
    return "\n\n".join(
        (
            "# Settings",
            (
                "A value comes from, the strongest first: an argument of `Client` or of a command; the environment; "
                "the project's `promptkit.toml`, the nearest one upwards; your own `config.toml`; the default. "
                "`promptkit config` shows every value and where it comes from."
            ),
            table(("setting", "variable", "value", "default", "meaning"), rows),
            "## Limits",
            (
                "What a file, a template and an answer may use up. Limits come from the environment of the process, "
                "and from its own code (`with promptkit.limits.limited(render_seconds=10): ...`): never from a file, "
                "since they protect the reader of a project from its author."
            ),
            table(
                ("limit", "variable", "default", "at most", "meaning"),
                (
                    (code(name), code(variable(name)), f"{getattr(Limits(), name):,}", f"{row.most:,.0f}", row.meaning)
                    for name, row in ROWS.items()
                ),
            ),
            "`NO_COLOR` switches colours off. `PROMPTKIT_DEBUG=1` shows the traceback of a bug.",
        )
    )


def default(value: Any) -> str:
    """A default; None is a place that the platform has."""
    if value is None:
        return "the platform's place"
    return "" if value in ("", {}, ()) else shown(value)


def names_page() -> str:
    """Every public name, by module."""
    parts = ["# Public names", "`from promptkit import ...`. Names load on first use. `__version__` is the version."]
    for module, names in _HOMES.items():
        parts.append(f"## `promptkit.{module}`")
        if module == "errors":
            parts.append("See [Errors](errors.md): " + ", ".join(map(code, names)) + ".")
        else:
            parts += [name_entry(name, getattr(promptkit, name)) for name in names]
    return "\n\n".join(parts)


def name_entry(name: str, thing: Any) -> str:
    """One name: what it is, its fields and methods."""
    head = f"### `{name}`"
    if not inspect.isclass(thing):
        said = f"`{name}{signature(thing)}`\n\n{inspect.getdoc(thing)}" if callable(thing) else code(thing)
        return f"{head}\n\n{said}"
    lines = [head, inspect.getdoc(thing) or ""]
    names = [field.name for field in fields(thing)] if is_dataclass(thing) else getattr(thing, "_fields", ())
    held = ", ".join(map(code, names))
    lines += [f"Fields: {held}."] if held else []
    methods = [line for each in members(thing) if (line := member(thing, each))]
    lines += ["\n".join(methods)] if methods else []
    return "\n\n".join(lines)


def members(thing: type) -> list[str]:
    """The public names in a class's own body, and in those of promptkit that it extends."""
    own = [each for each in reversed(thing.__mro__) if each.__module__.startswith("promptkit")]
    named = {name: None for each in own for name in vars(each) if not name.startswith("_")}
    data = {field.name for field in fields(thing)} if is_dataclass(thing) else set(getattr(thing, "_fields", ()))
    return [name for name in named if name not in data]


def member(thing: type, name: str) -> str:
    """A method or a property as a line of a list."""
    found = inspect.getattr_static(thing, name)
    if isinstance(found, property):
        return f"- `{name}`: {first_line(found.fget)}"
    function = getattr(found, "__func__", found)
    return f"- `{name}{signature(function)}`: {first_line(function)}" if inspect.isfunction(function) else ""


def signature(function: Callable[..., Any]) -> str:
    """The parameters by name and default, without `self` and types."""
    parameters = [
        each.replace(annotation=inspect.Parameter.empty)
        for name, each in inspect.signature(function).parameters.items()
        if name not in ("self", "cls")
    ]
    return str(inspect.Signature(parameters))


def models_page() -> str:
    """The models that documentation names."""
    rows = (
        (
            code(each.name),
            count(each.context_length),
            count(each.max_output),
            known(each.reasoning),
            known(each.tools),
            each.source,
        )
        for each in DOCUMENTED.values()
    )
    limits = (
        (code(name), tier, f"{each.requests_per_minute:,}", f"{each.requests_per_day:,}", count(each.tokens_per_day))
        for name, tiers in RATE_LIMITS.items()
        for tier, each in tiers.items()
    )
    schemes = (
        ("`MiniMax-M2.5`", "An id on MARA Cloud, or on the server that `base_url` names."),
        ("`local:`", "A real small model in a child process on this machine."),
        ("`replay:FILE`", "Recorded answers; a request without one is an error."),
        ("`simulate:`", "Made from the output's schema. Always labelled as simulated."),
        ("`openai+https://HOST/v1#NAME`", "Any server that speaks OpenAI's chat completions."),
    )
    return "\n\n".join(
        (
            "# Models",
            "A model is named by a text. Nothing falls back to another kind by itself.",
            table(("name", "what it is"), schemes),
            (
                "Which one: a call or `-m`, over the prompt's `model`, over `MARA_MODEL`, over the project's file, "
                "over your own."
            ),
            "## What is known",
            (
                f"From documentation read on {READ_ON}. `promptkit models refresh` asks the server itself; what it "
                "says goes over this table. Empty: nobody says."
            ),
            table(("id", "window", "most output", "reasons", "tools", "source"), rows),
            "## Rate limits",
            table(("id", "tier", "requests a minute", "requests a day", "tokens a day"), limits),
        )
    )


def count(number: int | None) -> str:
    """A count with separators; empty when it is not known."""
    return "" if number is None else f"{number:,}"


def known(fact: bool | None) -> str:
    """A fact in a word."""
    return {True: "yes", False: "no", None: ""}[fact]


PAGES: dict[str, Callable[[], str]] = {
    "repairs.md": repairs_page,
    "spec.md": spec_page,
    "shorthand.md": shorthand_page,
    "commands.md": commands_page,
    "errors.md": errors_page,
    "codes.md": codes_page,
    "settings.md": settings_page,
    "names.md": names_page,
    "models.md": models_page,
}


def main(arguments: list[str]) -> int:
    """Write the pages, or tell which ones differ."""
    pages = {FOLDER / name: f"<!-- printed by docs/reference.py -->\n{make()}\n" for name, make in PAGES.items()}
    if "--check" not in arguments:
        for path, text in pages.items():
            path.write_text(text, encoding="utf-8")
        return 0
    stale = [path.name for path, text in pages.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if stale:
        print(f"{', '.join(stale)}: not what the code says; run python docs/reference.py", file=sys.stderr)  # noqa: T201
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
