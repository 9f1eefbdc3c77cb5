"""Everything that promptkit raises.

    PromptkitError
    ├── SpecError              a template file is wrong; carries `diagnostics`
    ├── SourceError            a file cannot be read from its source
    ├── InputError             inputs do not fit their declarations; carries `diagnostics`
    ├── RenderError            a template failed while rendering, or uses what is not supported
    ├── ConfigError            a setting, a model's name or an option is wrong
    ├── ModelError             the model or the way to it failed
    │   ├── AuthError          no key, or a key that is refused (401, 403)
    │   ├── RateLimited        too many requests now (429)
    │   ├── QuotaExhausted     a day's limit or the credit is used up; `resets_at` in Unix seconds
    │   ├── ContextExceeded    input and output do not fit the model's window
    │   ├── ModelGone          the model does not exist or was withdrawn (404, 410)
    │   ├── Timeout            a deadline passed
    │   ├── ConnectionLost     the server cannot be reached, or hung up
    │   ├── ServerError        the server failed (5xx)
    │   ├── BadRequest         the server refuses the request (4xx)
    │   ├── BadResponse        the server's answer is not an answer
    │   └── StreamInterrupted  a stream ended before its end; carries the `text` so far
    ├── OutputError            no valid answer after the whole ladder; `violations`, `attempts`
    │   └── Truncated          the answer was cut at the token limit
    ├── BudgetExceeded         the prompt's own budget would be passed
    ├── RecordingMissing       a replay has no answer for this request
    ├── RepoError              a template repo cannot be used
    ├── LockError              the lockfile and what is there differ
    ├── DatasetError           rows of data are wrong
    └── MissingExtra           an optional package is not installed

Every one says where, then what, then the cure: `where`, `message`, `details` and `help`, under a stable
`code` that ``promptkit explain CODE`` tells more about. All survive pickling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from promptkit.diagnostics import Diagnostic, by_place, to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from promptkit.completion import Usage
    from promptkit.result import Attempt, Violation


class PromptkitError(Exception):
    """The root of the tree: catch it to catch all that promptkit raises.

    `record_id` is the record of the run that failed, where a log is kept.
    """

    default_code: ClassVar[str] = "PK000"

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        where: str = "",
        details: Iterable[str] = (),
        help: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.where = where
        self.details = tuple(details)
        self.help = help
        self.record_id = ""

    def __str__(self) -> str:
        head = f"{self.code}: {self.where}: {self.message}" if self.where else f"{self.code}: {self.message}"
        told = (f"  {line}" for line in (*self.details, self.record) if line)
        tail = (f"  = help: {self.help}",) if self.help else ()
        return "\n".join((head, *told, *tail))

    @property
    def record(self) -> str:
        """Which model was asked and where its answers can be read; empty without a record."""
        attempts: Sequence[Attempt] = getattr(self, "attempts", ())
        model = f"model {attempts[-1].request.model}, " if attempts else ""
        return f"{model}record {self.record_id}, see: promptkit log show {self.record_id}" if self.record_id else ""


class _Diagnosed(PromptkitError):
    """An error that is a list of diagnostics."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = by_place(diagnostics)
        first = self.diagnostics[0]
        super().__init__(first.message, code=first.code, where=first.place, help=first.help)
        self.args = (self.diagnostics,)

    def __str__(self) -> str:
        return to_text(self.diagnostics)


class SpecError(_Diagnosed):
    """A template file is wrong: every fault of it and of what it pulls in, in order of place."""

    default_code = "PK100"


class SourceError(PromptkitError):
    """A file that cannot be read, in words for whoever named it; the loader turns it into a diagnostic."""

    default_code = "PK113"
    is_missing = False
    """Whether nothing has the name."""

    @property
    def own_code(self) -> str:
        """The code where it says more than that the file cannot be read; else empty."""
        return "" if self.code == self.default_code else self.code


class InputError(_Diagnosed):
    """Inputs are missing, unknown or do not fit their declarations."""

    default_code = "PK300"


class RenderError(PromptkitError):
    """A template failed while rendering, or the spec uses a feature that is not supported."""

    default_code = "PK200"


class ConfigError(PromptkitError):
    """A setting, a model's name or an option is wrong."""

    default_code = "PK510"


class ModelError(PromptkitError):
    """The model or the way to it failed: HTTP `status`, the server's own `server_code` and `request_id`, if any.

    `retry_after` is how many seconds the server asks to wait, `attempts` all that was tried in the call.
    """

    default_code = "PK500"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        server_code: str = "",
        request_id: str = "",
        body: str = "",
        retry_after: float | None = None,
        **told: Any,
    ) -> None:
        super().__init__(message, **told)
        self.status = status
        self.server_code = server_code
        self.request_id = request_id
        self.body = body
        self.retry_after = retry_after
        self.attempts: tuple[Attempt, ...] = ()

    @property
    def usage(self) -> Usage:
        """The tokens of all attempts together."""
        return _usage(self.attempts)


class AuthError(ModelError):
    """There is no key, or the server refuses it. Without one, `key_variable` is where it is looked for."""

    default_code = "PK501"
    key_variable = ""


class RateLimited(ModelError):
    """Too many requests now; `retry_after` in seconds when the server said so."""

    default_code = "PK502"


class QuotaExhausted(ModelError):
    """A day's limit or the credit is used up; `resets_at` is Unix time in seconds when the server said so."""

    default_code = "PK503"

    def __init__(self, message: str, *, resets_at: float | None = None, **told: Any) -> None:
        super().__init__(message, **told)
        self.resets_at = resets_at


class ContextExceeded(ModelError):
    """Input and output together do not fit the model's context window."""

    default_code = "PK504"


class ModelGone(ModelError):
    """The model does not exist there, or was withdrawn."""

    default_code = "PK505"


class Timeout(ModelError):
    """A deadline passed before the answer was whole."""

    default_code = "PK506"


class ConnectionLost(ModelError):
    """The server cannot be reached, or hung up before it answered."""

    default_code = "PK507"


class ServerError(ModelError):
    """The server failed."""

    default_code = "PK508"


class BadRequest(ModelError):
    """The server refuses the request.

    `failed_answer` says that the request was fine and the model's answer did not pass the server's check:
    `invalid`, or `truncated` at the token limit. `model_output` is that answer, where the server told.
    """

    default_code = "PK509"

    def __init__(
        self,
        message: str,
        *,
        model_output: str = "",
        failed_answer: Literal["", "invalid", "truncated"] = "",
        **told: Any,
    ) -> None:
        super().__init__(message, **told)
        self.model_output = model_output
        self.failed_answer = failed_answer


class BadResponse(ModelError):
    """The server's answer is not an answer."""

    default_code = "PK511"


class StreamInterrupted(ModelError):
    """A stream ended without a finish reason or `[DONE]`; `text` is what had arrived."""

    default_code = "PK512"

    def __init__(self, message: str, *, text: str = "", **told: Any) -> None:
        super().__init__(message, **told)
        self.text = text


class OutputError(PromptkitError):
    """No valid answer came out of the whole ladder: the last `violations`, and every attempt with its usage.

    Of a JSON answer that was cut, `partial` is the value as far as it came, and `whole` the places in it, such as
    `("tags", 0)`, whose values had ended.
    """

    default_code = "PK402"

    def __init__(
        self,
        message: str,
        *,
        violations: Sequence[Violation] = (),
        attempts: Sequence[Attempt] = (),
        text: str = "",
        partial: Any = None,
        whole: Sequence[tuple[str | int, ...]] = (),
        **told: Any,
    ) -> None:
        super().__init__(message, **told)
        self.violations = tuple(violations)
        self.attempts = tuple(attempts)
        self.text = text
        self.partial = partial
        self.whole = tuple(whole)

    @property
    def usage(self) -> Usage:
        """The tokens of all attempts together."""
        return _usage(self.attempts)


class Truncated(OutputError):
    """The answer was cut at the token limit; `text` is what had arrived, never passed off as whole."""

    default_code = "PK403"


class BudgetExceeded(PromptkitError):
    """The prompt's own budget would be passed; `attempts` are those of the call that were made before."""

    default_code = "PK520"

    def __init__(self, message: str, **told: Any) -> None:
        super().__init__(message, **told)
        self.attempts: tuple[Attempt, ...] = ()


class RecordingMissing(PromptkitError):
    """A replay has no recorded answer for this request."""

    default_code = "PK530"


class RepoError(PromptkitError):
    """A template repo cannot be used."""

    default_code = "PK600"
    is_unreachable = False
    """Whether git could not fetch it: then what it holds cannot be told, and nothing differs from it."""


class LockError(PromptkitError):
    """The lockfile and what is there differ."""

    default_code = "PK610"


class DatasetError(PromptkitError):
    """Rows of data are wrong."""

    default_code = "PK305"


class MissingExtra(PromptkitError):
    """An optional package is not installed; `help` is the pip line."""

    default_code = "PK540"


def _usage(attempts: tuple[Attempt, ...]) -> Usage:
    from promptkit.completion import Usage  # which stands beside this module, on it

    return sum((attempt.usage for attempt in attempts), Usage())
