"""What tools a prompt offers as it is used: found when they are given, and refused by name when something is missing.

Nothing here loads what tools are made of before there is one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from promptkit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from promptkit.redact import Redactor
    from promptkit.spec import PromptSpec
    from promptkit.tool_runs import ToolRunner
    from promptkit.toolbox import Confirm
    from promptkit.tools import Tool


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools by name. `unknown` are named in the file and declared nowhere, `unbound` have no function."""

    tools: Mapping[str, Tool] = field(default_factory=dict)
    unbound: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    confirm: Confirm | None = None

    def __bool__(self) -> bool:
        return bool(self.tools)

    def to_openai(self) -> tuple[dict[str, Any], ...]:
        """The tools as they stand in a request."""
        return tuple(tool.to_openai() for tool in self.tools.values())

    def refuse_unknown(self) -> None:
        """Raise `ConfigError` for tools of which nobody says what they take."""
        _refuse(self.unknown, "nothing says what {} takes")

    def refuse_choice(self, choice: Any) -> None:
        """Raise `ConfigError` for a tool that has to be called and is not offered."""
        name = choice["function"]["name"] if isinstance(choice, dict) else None
        if choice == "required" and not self.tools:
            raise ConfigError("`tool_choice` wants a tool to be called, and none is offered", where="options")
        if name is not None and name not in self.tools:
            from promptkit.diagnostics import did_you_mean

            message = f"`tool_choice` names the tool `{name}`, which is not offered"
            raise ConfigError(message, where="options", help=did_you_mean(name, self.tools))

    def runner(self, inputs: Mapping[str, Any], redactor: Redactor) -> ToolRunner:
        """What runs them with these inputs. Raises `ConfigError` for one that cannot be run."""
        from promptkit.tool_runs import ToolRunner
        from promptkit.toolbox import Toolbox

        _refuse(self.unbound, "no function is bound to {}")
        asked = [name for name, tool in self.tools.items() if tool.confirm]
        if self.confirm is not None and not callable(self.confirm):
            raise ConfigError("`confirm` is a function of a tool's name and its arguments", where="tools")
        if asked and self.confirm is None:
            raise ConfigError(
                f"the tool `{asked[0]}` is to be confirmed, and nobody is there to be asked",
                where="tools",
                help="prompt.using(confirm=...)   or   --tools-approve",
            )
        return ToolRunner(Toolbox(self.tools, inputs, self.confirm), redactor)


NO_TOOLS = Tools()


def offered_tools(
    spec: PromptSpec, given: Sequence[Tool | Callable[..., Any]], confirm: Confirm | None = None
) -> Tools:
    """The tools of a prompt, with what is given in code. Raises `ConfigError`, see `toolbox.bound_tools`."""
    if not (given or spec.tools):
        return NO_TOOLS
    from promptkit.toolbox import bound_tools

    tools, unbound = bound_tools(spec, given)
    return Tools(tools, tuple(unbound), tuple(name for name in unbound if name not in tools), confirm)


def _refuse(names: tuple[str, ...], words: str) -> None:
    if names:
        named = " and ".join(f"the tool `{name}`" for name in names)
        cure = f"prompt.using(tools=[{', '.join(names)}])   or   --tools MODULE:{names[0]}"
        raise ConfigError(words.format(named), where="tools", help=cure)
