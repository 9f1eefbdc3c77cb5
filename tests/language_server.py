"""A small client of a language server that talks over its standard streams (LSP 3.17)."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

Json = dict[str, Any]

QUIET_SETTINGS: Json = {
    "yaml": {
        "schemaStore": {"enable": False, "url": ""},
        "kubernetesCRDStore": {"enable": False, "url": ""},
        "validate": True,
        "completion": True,
        "hover": True,
        "hoverSchemaSource": False,
        "format": {"enable": False},
        "schemas": {},
    },
    "http": {"proxy": "http://127.0.0.1:9", "proxyStrictSSL": False},  # a stray fetch is refused on this machine
}
CAPABILITIES: Json = {
    "general": {"positionEncodings": ["utf-16"]},
    "textDocument": {
        "synchronization": {"dynamicRegistration": False},
        "publishDiagnostics": {"relatedInformation": True},
        "completion": {
            "contextSupport": True,
            "completionItem": {"snippetSupport": True, "documentationFormat": ["markdown", "plaintext"]},
        },
        "hover": {"contentFormat": ["markdown", "plaintext"]},
    },
    "workspace": {"configuration": True, "workspaceFolders": True},
}


class LspError(Exception):
    """The server said no, said nothing in time, or is gone."""


@dataclass(frozen=True)
class Item:
    """One completion as an editor shows and inserts it."""

    label: str
    documentation: str
    insert_text: str
    kind: int | None
    detail: str


def markup(value: object) -> str:
    """The text of a string, MarkupContent, MarkedString or a list of those."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return str(cast("Json", value).get("value", ""))
    if isinstance(value, list):
        return "\n\n".join(markup(part) for part in cast("list[object]", value))
    return ""


def cursor(text: str, mark: str = "|") -> tuple[str, int, int]:
    """A text without its one mark, and the mark's line and UTF-16 column."""
    before, found, after = text.partition(mark)
    if not found:
        raise ValueError(f"no {mark!r} in the text")
    line = before.count("\n")
    column = len(before.rpartition("\n")[2].encode("utf-16-le")) // 2
    return before + after, line, column


class LanguageServer:
    """A running server; use it in a `with` block, which kills it at the end whatever happened."""

    def __init__(
        self,
        command: Sequence[str | Path],
        root: Path,
        settings: Mapping[str, Any] = QUIET_SETTINGS,
        *,
        timeout: float = 30.0,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.settings = settings
        self.timeout = timeout
        self.root = root.resolve()
        self.server_info: Json = {}
        self.asked: Counter[str] = Counter()  # methods that the server asked or told us
        self._news = threading.Condition()
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._answers: dict[int, Json] = {}
        self._diagnostics: dict[str, list[Json]] = {}
        self._published: Counter[str] = Counter()
        self._awaited: dict[str, int] = {}
        self._versions: dict[str, int] = {}
        self._next_id = 0
        self._end = ""  # why nothing more is read or written
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 -- closed in `close`
        self._process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            cwd=self.root,
            env=None if env is None else dict(env),
        )
        # Reading and writing wait for each other nowhere, so full pipes cannot lock up the two processes.
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._read_all, self._write_all)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        try:
            self._initialize()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _initialize(self) -> None:
        uri = self.root.as_uri()
        result = self.request(
            "initialize",
            {
                "processId": os.getpid(),  # the server ends when this process does
                "clientInfo": {"name": "test"},
                "locale": "en",
                "rootUri": uri,
                "workspaceFolders": [{"uri": uri, "name": self.root.name}],
                "capabilities": CAPABILITIES,
            },
        )
        self.server_info = cast("Json", result)
        self.notify("initialized", {})
        # Documents opened before the settings are pulled would be judged by the server's defaults first.
        self._wait(lambda: self.asked["workspace/configuration"] > 0, "workspace/configuration")

    # -- documents

    def open(self, path: Path | str, text: str | None = None) -> str:
        """Opens a document (its file need not exist if a text is given) and returns its URI."""
        target = self.root / path
        uri = target.as_uri()
        if text is None:
            text = target.read_bytes().decode()  # keeps CRLF
        self._awaited[uri] = self._published[uri]
        if uri in self._versions:
            self._versions[uri] += 1
            document: Json = {"uri": uri, "version": self._versions[uri]}
            self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})
        else:
            self._versions[uri] = 1
            document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
            self.notify("textDocument/didOpen", {"textDocument": document})
        return uri

    def diagnostics(self, uri: str) -> list[Json]:
        """What the server published since the document was last opened or changed; waits for it."""
        self._wait(lambda: self._published[uri] > self._awaited[uri], f"diagnostics of {uri}")
        with self._news:
            return self._diagnostics[uri]

    def completion(self, uri: str, line: int, column: int) -> list[Item]:
        """The completions offered at a place, in the server's order."""
        result = self.request("textDocument/completion", self._at(uri, line, column))
        items = cast("list[Json]", result if isinstance(result, list) else cast("Json", result or {}).get("items", []))
        return [_item(item) for item in items]

    def hover(self, uri: str, line: int, column: int) -> str:
        """The text shown at a place, in Markdown, or nothing."""
        result = self.request("textDocument/hover", self._at(uri, line, column))
        return markup(result["contents"]) if result else ""

    def _at(self, uri: str, line: int, column: int) -> Json:
        return {"textDocument": {"uri": uri}, "position": {"line": line, "character": column}}

    # -- the protocol

    def request(self, method: str, params: Json | None = None) -> Any:
        """Asks the server and waits for its answer; an answer that is an error is raised."""
        self._next_id += 1
        number = self._next_id
        self._send({"id": number, "method": method} | ({} if params is None else {"params": params}))
        self._wait(lambda: number in self._answers, method)
        with self._news:
            answer = self._answers.pop(number)
        if "error" in answer:
            raise LspError(f"{method}: {answer['error']}")
        return answer.get("result")

    def notify(self, method: str, params: Json | None = None) -> None:
        """Tells the server something."""
        self._send({"method": method} | ({} if params is None else {"params": params}))

    def close(self) -> None:
        """Asks the server to end, and kills it if it does not."""
        process = self._process
        try:
            if process.poll() is None and not self._end:
                self.timeout = min(self.timeout, 5.0)
                self.request("shutdown")
                self.notify("exit")
                process.wait(5)
        except (LspError, subprocess.TimeoutExpired):
            pass
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            self._outbox.put(None)
            for thread in self._threads:
                thread.join(5)
            for stream in (process.stdin, process.stdout, self._stderr):
                if stream is not None:
                    with contextlib.suppress(OSError):  # what can no longer be flushed
                        stream.close()

    def _send(self, message: Json) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._outbox.put(b"Content-Length: %d\r\n\r\n" % len(data) + data)

    def _write_all(self) -> None:
        stdin = cast("IO[bytes]", self._process.stdin)
        try:
            while (data := self._outbox.get()) is not None:
                stdin.write(data)
                stdin.flush()
        except (OSError, ValueError) as error:
            self._stop(f"it takes no more input ({error})")

    def _read_all(self) -> None:
        stdout = cast("IO[bytes]", self._process.stdout)
        try:
            while (message := _read_message(stdout)) is not None:
                self._take(message)
            self._stop("it has closed its output")
        except (OSError, ValueError, KeyError, TypeError) as error:
            self._stop(f"it talks no LSP ({error!r})")

    def _stop(self, why: str) -> None:
        with self._news:
            self._end = self._end or why
            self._news.notify_all()

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        limit = time.monotonic() + self.timeout
        with self._news:
            while not condition():
                if self._end:
                    raise LspError(f"no {what}: {self._end}; {self._complaint()}")
                left = limit - time.monotonic()
                if left <= 0:
                    raise LspError(f"no {what} in {self.timeout:g} s; {self._complaint()}")
                self._news.wait(left)

    def _complaint(self) -> str:
        number = self._stderr.fileno()
        tail = os.pread(number, 4000, max(0, os.fstat(number).st_size - 4000))  # moves no offset that the server shares
        return tail.decode(errors="replace") or "nothing on stderr"

    def _take(self, message: Json) -> None:
        method = message.get("method")
        if method is not None and "id" in message:
            self._send({"id": message["id"], **self._reply(method, message.get("params"))})
        with self._news:
            if method is None:
                self._answers[message["id"]] = message
            else:
                self.asked[method] += 1
                if method == "textDocument/publishDiagnostics":
                    params = message["params"]
                    self._diagnostics[params["uri"]] = params["diagnostics"]
                    self._published[params["uri"]] += 1
            self._news.notify_all()

    def _reply(self, method: str, params: Any) -> Json:
        if method == "workspace/configuration":
            return {"result": [self.settings.get(item.get("section", "")) for item in params["items"]]}
        if method == "workspace/workspaceFolders":
            return {"result": [{"uri": self.root.as_uri(), "name": self.root.name}]}
        if method == "workspace/applyEdit":
            return {"result": {"applied": False}}
        if method.endswith("/refresh") or method in {
            "client/registerCapability",
            "client/unregisterCapability",
            "window/workDoneProgress/create",
            "window/showMessageRequest",
        }:
            return {"result": None}
        return {"error": {"code": -32601, "message": f"no {method} here"}}


def _read_message(stream: IO[bytes]) -> Json | None:
    length: int | None = None
    while (line := stream.readline()) not in {b"\r\n", b"\n"}:
        if not line:
            return None
        name, _, value = line.decode("ascii").partition(":")
        if name.strip().lower() == "content-length":
            length = int(value)
    if length is None:
        raise ValueError("a message without Content-Length")
    body = stream.read(length)
    return cast("Json", json.loads(body)) if len(body) == length else None


def _item(raw: Json) -> Item:
    edit = cast("Json", raw.get("textEdit") or {})
    text = edit.get("newText", raw.get("insertText", raw["label"]))
    return Item(raw["label"], markup(raw.get("documentation")), str(text), raw.get("kind"), str(raw.get("detail", "")))
