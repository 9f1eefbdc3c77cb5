"""promptkit: prompts as engineered artefacts. A checked YAML file in, validated JSON out.

    from promptkit import Prompt

    prompt = Prompt.from_yaml("triage.yaml")
    result = prompt.run(ticket="I was charged twice.")
    result.output          # fits the file's schema
    result.attempts        # everything that was done to get it

Names load on first use, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit._version import __version__ as __version__
from promptkit.late_names import late_getattr

if TYPE_CHECKING:
    from promptkit.client import Client as Client
    from promptkit.completion import Completion as Completion
    from promptkit.completion import Delta as Delta
    from promptkit.completion import Model as Model
    from promptkit.completion import ModelFacts as ModelFacts
    from promptkit.completion import Request as Request
    from promptkit.completion import ToolCallDelta as ToolCallDelta
    from promptkit.completion import Usage as Usage
    from promptkit.conversation import Conversation as Conversation
    from promptkit.conversation import Turn as Turn
    from promptkit.diagnostics import Diagnostic as Diagnostic
    from promptkit.drive import Clock as Clock
    from promptkit.errors import AuthError as AuthError
    from promptkit.errors import BadRequest as BadRequest
    from promptkit.errors import BadResponse as BadResponse
    from promptkit.errors import BudgetExceeded as BudgetExceeded
    from promptkit.errors import ConfigError as ConfigError
    from promptkit.errors import ConnectionLost as ConnectionLost
    from promptkit.errors import ContextExceeded as ContextExceeded
    from promptkit.errors import DatasetError as DatasetError
    from promptkit.errors import InputError as InputError
    from promptkit.errors import LockError as LockError
    from promptkit.errors import MissingExtra as MissingExtra
    from promptkit.errors import ModelError as ModelError
    from promptkit.errors import ModelGone as ModelGone
    from promptkit.errors import OutputError as OutputError
    from promptkit.errors import PromptkitError as PromptkitError
    from promptkit.errors import QuotaExhausted as QuotaExhausted
    from promptkit.errors import RateLimited as RateLimited
    from promptkit.errors import RecordingMissing as RecordingMissing
    from promptkit.errors import RenderError as RenderError
    from promptkit.errors import RepoError as RepoError
    from promptkit.errors import ServerError as ServerError
    from promptkit.errors import SourceError as SourceError
    from promptkit.errors import SpecError as SpecError
    from promptkit.errors import StreamInterrupted as StreamInterrupted
    from promptkit.errors import Timeout as Timeout
    from promptkit.errors import Truncated as Truncated
    from promptkit.events import AttemptAbandoned as AttemptAbandoned
    from promptkit.events import Event as Event
    from promptkit.events import FieldComplete as FieldComplete
    from promptkit.events import PartialValue as PartialValue
    from promptkit.events import ReasoningDelta as ReasoningDelta
    from promptkit.events import TextDelta as TextDelta
    from promptkit.events import ToolCalled as ToolCalled
    from promptkit.events import ToolReturned as ToolReturned
    from promptkit.exchange import Exchange as Exchange
    from promptkit.history import History as History
    from promptkit.memory import MemoryPolicy as MemoryPolicy
    from promptkit.memory import Pin as Pin
    from promptkit.memory import Summarise as Summarise
    from promptkit.messages import Message as Message
    from promptkit.messages import Role as Role
    from promptkit.messages import ToolCall as ToolCall
    from promptkit.output import PartialParser as PartialParser
    from promptkit.output import parse_output as parse_output
    from promptkit.output.partial import NOTHING as NOTHING
    from promptkit.output.partial import Completed as Completed
    from promptkit.prompt import Prompt as Prompt
    from promptkit.prompts import Prompts as Prompts
    from promptkit.result import Attempt as Attempt
    from promptkit.result import Check as Check
    from promptkit.result import Output as Output
    from promptkit.result import Rendered as Rendered
    from promptkit.result import Result as Result
    from promptkit.result import Step as Step
    from promptkit.result import ToolRun as ToolRun
    from promptkit.result import Violation as Violation
    from promptkit.schema import Schema as Schema
    from promptkit.settings import Settings as Settings
    from promptkit.source import Folder as Folder
    from promptkit.source import Memory as Memory
    from promptkit.source import Package as Package
    from promptkit.source import Source as Source
    from promptkit.spec import PromptSpec as PromptSpec
    from promptkit.streams import AsyncStream as AsyncStream
    from promptkit.streams import Stream as Stream
    from promptkit.tools import Tool as Tool
    from promptkit.tools import tool as tool

_HOMES = {
    "client": ("Client",),
    "completion": ("Completion", "Delta", "Model", "ModelFacts", "Request", "ToolCallDelta", "Usage"),
    "conversation": ("Conversation", "Turn"),
    "diagnostics": ("Diagnostic",),
    "drive": ("Clock",),
    "errors": (
        "AuthError",
        "BadRequest",
        "BadResponse",
        "BudgetExceeded",
        "ConfigError",
        "ConnectionLost",
        "ContextExceeded",
        "DatasetError",
        "InputError",
        "LockError",
        "MissingExtra",
        "ModelError",
        "ModelGone",
        "OutputError",
        "PromptkitError",
        "QuotaExhausted",
        "RateLimited",
        "RecordingMissing",
        "RenderError",
        "RepoError",
        "ServerError",
        "SourceError",
        "SpecError",
        "StreamInterrupted",
        "Timeout",
        "Truncated",
    ),
    "events": (
        "AttemptAbandoned",
        "Event",
        "FieldComplete",
        "PartialValue",
        "ReasoningDelta",
        "TextDelta",
        "ToolCalled",
        "ToolReturned",
    ),
    "exchange": ("Exchange",),
    "history": ("History",),
    "messages": ("Message", "Role", "ToolCall"),
    "output": ("PartialParser", "parse_output"),
    "output.partial": ("Completed", "NOTHING"),
    "prompt": ("Prompt",),
    "prompts": ("Prompts",),
    "memory": ("MemoryPolicy", "Pin", "Summarise"),
    "result": ("Attempt", "Check", "Output", "Rendered", "Result", "Step", "ToolRun", "Violation"),
    "schema": ("Schema",),
    "settings": ("Settings",),
    "source": ("Folder", "Memory", "Package", "Source"),
    "spec": ("PromptSpec",),
    "streams": ("AsyncStream", "Stream"),
    "tools": ("Tool", "tool"),
}
"""The module that each public name lives in."""

_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [  # noqa: RUF022 (the order of `dir`)
    "AsyncStream",
    "Attempt",
    "AttemptAbandoned",
    "AuthError",
    "BadRequest",
    "BadResponse",
    "BudgetExceeded",
    "Check",
    "Client",
    "Clock",
    "Completed",
    "Completion",
    "ConfigError",
    "ConnectionLost",
    "ContextExceeded",
    "Conversation",
    "DatasetError",
    "Delta",
    "Diagnostic",
    "Event",
    "Exchange",
    "FieldComplete",
    "Folder",
    "History",
    "InputError",
    "LockError",
    "Memory",
    "MemoryPolicy",
    "Message",
    "MissingExtra",
    "Model",
    "ModelError",
    "ModelFacts",
    "ModelGone",
    "NOTHING",
    "Output",
    "OutputError",
    "Package",
    "PartialParser",
    "PartialValue",
    "Pin",
    "Prompt",
    "PromptSpec",
    "PromptkitError",
    "Prompts",
    "QuotaExhausted",
    "RateLimited",
    "ReasoningDelta",
    "RecordingMissing",
    "RenderError",
    "Rendered",
    "RepoError",
    "Request",
    "Result",
    "Role",
    "Schema",
    "ServerError",
    "Settings",
    "Source",
    "SourceError",
    "SpecError",
    "Step",
    "Stream",
    "StreamInterrupted",
    "Summarise",
    "TextDelta",
    "Timeout",
    "Tool",
    "ToolCall",
    "ToolCallDelta",
    "ToolCalled",
    "ToolReturned",
    "ToolRun",
    "Truncated",
    "Turn",
    "Usage",
    "Violation",
    "__version__",
    "parse_output",
    "tool",
]


__getattr__ = late_getattr(__name__, _HOME)


def __dir__() -> list[str]:
    return __all__
