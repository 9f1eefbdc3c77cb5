"""How each shell asks what may come next: its script, and the answers in the form that it reads.

click has this for all three shells. Ours for bash differs: it reads the line itself, since bash cuts words at `=`
and `:` (`-p ticket=`, `-m simulate:`), and it puts no space behind a word that is to be continued.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from click.shell_completion import BashComplete, FishComplete, ZshComplete, split_arg_string

from promptkit.cli.main import COMPLETE_VARIABLE
from promptkit.cli.terminal import put

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem, ShellComplete

_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' kind value response
    COMPREPLY=()
    response=$(env COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_BREAKS="$COMP_WORDBREAKS" \\
        %(complete_var)s=bash_complete "$1" 2>/dev/null)
    for completion in $response; do
        IFS=',' read -r kind value <<< "$completion"
        case $kind in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            open) COMPREPLY+=("$value"); compopt -o nospace ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""
_CONTINUED = ("=", "/", ":")


class Bash(BashComplete):
    """Bash, version 4.4 or newer."""

    source_template = _BASH

    @staticmethod
    def _check_version() -> None:
        """Nothing to ask of whichever bash is on the path: the one that reads the script may be another."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the cursor, and the begun one."""
        line = os.environ["COMP_LINE"]
        words = split_arg_string(line)[1:]
        begun = "" if not words or line[-1:].isspace() else words.pop()
        self._cut = _cut(begun, os.environ.get("COMP_BREAKS", ""))
        return words, begun

    def format_completion(self, item: CompletionItem) -> str:
        """What bash shall put in the place of the part that it takes for a word."""
        kind = "open" if item.type == "plain" and str(item.value).endswith(_CONTINUED) else item.type
        return f"{kind},{str(item.value)[self._cut :]}"


def _cut(begun: str, breaks: str) -> int:
    """How much of a begun word bash takes for words of their own."""
    return max(begun.rfind(char) for char in "=:") + 1 if set(breaks) & set("=:") else 0


SHELLS: dict[str, type[ShellComplete]] = {"bash": Bash, "zsh": ZshComplete, "fish": FishComplete}


def script(group: click.Command, shell: str) -> str:
    """What a shell has to read once."""
    return SHELLS[shell](group, {}, "promptkit", COMPLETE_VARIABLE).source()


def complete(group: click.Command, instruction: str) -> int:
    """Answer a shell, without a word about what goes wrong: somebody is typing."""
    shell, _, wanted = instruction.partition("_")
    if shell not in SHELLS or wanted not in ("source", "complete"):
        return 1
    completion = SHELLS[shell](group, {}, "promptkit", COMPLETE_VARIABLE)
    if wanted == "source":
        put(completion.source())
        return 0
    # click forgets the arguments of a line that ends with an option; `candidates` finds the template in the words.
    completion.ctx_args = {"obj": completion.get_completion_args()[0]}
    put(completion.complete())
    return 0
