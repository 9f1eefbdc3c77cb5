"""The `messages` key: authored messages, and the slots for history and examples among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import nearest
from promptkit.loading.call_reader import Calls
from promptkit.loading.inheritance import Entry
from promptkit.loading.lost_prose import is_braced, warn_of_lost_prose
from promptkit.loading.structure_checks import report_all
from promptkit.parts import build
from promptkit.spec import MessageSpec, Slot
from promptkit.type_hints import Fault
from promptkit.yaml_nodes import Mapping, Node, Scalar, Sequence, is_empty

if TYPE_CHECKING:
    from promptkit.loader import Loading
    from promptkit.loading.findings import Findings


def read_messages(loading: Loading, name: str, entry: Entry) -> None:
    """Read the messages, each by its kind; see `READERS`."""
    if not isinstance(entry.node, Sequence):
        loading.findings.expected(entry, name, "a list of `{role, content}`")
        return
    if not entry.node.items:
        cure = "write at least one: `- {role: user, content: ...}`"
        loading.findings.add(entry.document, "PK122", "`messages` has no message", entry.node, help=cure)
    messages: list[Any] = []
    seen: set[str] = set()
    tools = loading.chain.entries.get("tools")
    calls = Calls(loading.findings, tools.node if tools else None, entry.node)
    for index, node in enumerate(entry.node.items):
        each = Entry(entry.document, entry.key, node)
        loading.places[name, index] = each
        if not isinstance(node, Mapping):
            calls.doubt()
            loading.findings.expected(each, f"messages.{index}", "a mapping `{role, content}`")
            messages.append(MessageSpec(role="user", content="-"))  # keeps the places of those that follow
            continue
        slot = _slot(node)
        if _PLACEHOLDERS & {key.text for key, _ in node.pairs}:
            key = next(key for key, _ in node.pairs if key.text in _PLACEHOLDERS)
            message, cure = f"there is no key `{key.text}` in `messages.{index}`", "write `{history: true}`"
            loading.findings.add(entry.document, "PK120", message, key, help=cure)
            messages.append(Slot(history=True))
            calls.close("the placeholder")
        elif slot:
            calls.close(f"the {slot}")
            if slot in seen:
                loading.findings.add(entry.document, "PK123", f"there are two `{slot}` slots", node, help="keep one")
            seen.add(slot)
            messages.append(_slot_of(loading, index, slot, each, node))
        else:
            messages.append(_message(loading, index, each, node, calls))
    calls.close()
    loading.calls = calls.made
    loading.data[name] = tuple(messages)


def _slot(node: Mapping) -> str | None:
    """The slot that a message is, also with a misspelt name; a message has a role or a content beside it."""
    if node.get("role") is not None or node.get("content") is not None:
        return next((name for name in _SLOTS if node.get(name) is not None), None)
    names = [nearest(key.text, (*_SLOTS, *_MESSAGE_KEYS)) for key, _ in node.pairs]
    return next((name for name in names if name in _SLOTS), None)


_SLOTS = ("history", "examples")
_MESSAGE_KEYS = ("role", "content", "tool_calls", "tool_call_id")
_OF_OTHERS = {**dict.fromkeys(("text", "value", "message", "body", "prompt"), "content"), "from": "role"}
"""What other tools call the keys of a message."""
_PLACEHOLDERS = {"placeholder", "messages_placeholder", "variable_name"}
"""What LangChain calls the place of earlier turns."""
_ROLES = ("system", "user", "assistant", "tool")


def _slot_of(loading: Loading, index: int, slot: str, entry: Entry, node: Mapping) -> Any:
    for key, value in node.pairs:
        each = Entry(entry.document, key, value)
        if key.text != slot:
            message = f"`messages.{index}`: a slot is `{{{slot}: true}}` and nothing else"
            if nearest(key.text, _SLOTS) == slot:
                loading.findings.unknown_key(each, _SLOTS, f"messages.{index}")
            else:
                loading.findings.add(entry.document, "PK121", message, key)
        if (key.text == slot or len(node.pairs) == 1) and value.value is not True:
            message = f"`messages.{index}.{slot}` is `true`"
            absent = value.value in (False, None)
            cure = "leave the slot out where it is not wanted" if absent else "write `true`"
            loading.findings.add(entry.document, "PK121", message, each.span, help=cure, fix=None if absent else "true")
    return Slot(history=True) if slot == "history" else Slot(examples=True)


def _message(loading: Loading, index: int, entry: Entry, node: Mapping, calls: Calls) -> Any:
    known: dict[str, Any] = {}
    keys: dict[str, Entry] = {}
    unknown = [key.text for key, _ in node.pairs if key.text not in _MESSAGE_KEYS]
    foreign = {
        key.text: meant
        for key, _ in node.pairs
        if (meant := _OF_OTHERS.get(key.text)) is not None and node.get(meant) is None
    }
    for key, value in node.pairs:
        each = Entry(entry.document, key, value)
        loading.places["messages", index, key.text] = keys[key.text] = each
        if key.text == "content":
            known |= {} if _says_nothing(node, value) else _content(loading, f"messages.{index}.content", each)
        elif key.text == "role":
            known["role"] = value.text if isinstance(value, Scalar) else ""
        elif key.text in _MESSAGE_KEYS:
            continue
        elif key.text in _ROLES:
            message = f"there is no key `{key.text}` in `messages.{index}`"
            cure = f"write `{{role: {key.text}, content: ...}}`"
            loading.findings.add(entry.document, "PK120", message, key, help=cure)
        elif key.text in foreign:
            loading.findings.unknown_key(each, _MESSAGE_KEYS, f"messages.{index}", meant=foreign[key.text])
        else:
            loading.findings.unknown_key(each, _MESSAGE_KEYS, f"messages.{index}")
    known |= _of_tools(loading.findings, f"messages.{index}", entry, keys, calls)
    if "content" not in known and "tool_calls" not in keys:
        loading.unknown.templates = True
    if foreign or set(unknown) & {*_ROLES} or any(nearest(name.partition(" ")[0], _MESSAGE_KEYS) for name in unknown):
        return MessageSpec(role=_role_of(known), content=known.get("content", "-"))
    return _built(loading, index, entry, known, quiet="tool_calls" in keys)


def _of_tools(
    findings: Findings, location: str, message: Entry, keys: dict[str, Entry], calls: Calls
) -> dict[str, Any]:
    """What an assistant message calls, or the call that a tool message is the result of."""
    role = keys["role"].node.value if "role" in keys else None
    misspelt = (nearest(name, _MESSAGE_KEYS) or "" for name in keys if name not in _MESSAGE_KEYS)
    if role not in _ROLES or any(meant.startswith("tool") for meant in misspelt):
        calls.doubt()
        return {}
    astray = [key for key, owner in _OF_ROLES.items() if key in keys and role != owner]
    for key in astray:
        told = f"`{location}.{key}`: not in the role {role}"
        cure = f"it belongs to a message with `role: {_OF_ROLES[key]}`"
        findings.add(message.document, "PK123", told, keys[key].key, help=cure)
    if astray:
        calls.doubt()
    elif role == "tool":
        return {"tool_call_id": calls.answered(f"{location}.tool_call_id", message, keys.get("tool_call_id"))}
    else:
        calls.close(f"`{location}`")
        if "tool_calls" in keys:
            return {"tool_calls": tuple(calls.read(f"{location}.tool_calls", keys["tool_calls"]))}
    return {}


_OF_ROLES = {"tool_calls": "assistant", "tool_call_id": "tool"}


def _role_of(known: dict[str, Any]) -> Any:
    return known["role"] if known.get("role") in _ROLES else "user"


def _says_nothing(message: Mapping, content: Node) -> bool:
    """Whether a message has calls in the place of a text, as servers write it."""
    return message.get("tool_calls") is not None and isinstance(content, Scalar) and content.value in (None, "")


def _content(loading: Loading, location: str, entry: Entry) -> dict[str, str]:
    """A message's template."""
    node = entry.node
    if not isinstance(node, Scalar) or is_empty(node):
        if not is_braced(entry):
            loading.findings.expected(entry, location, "a text")
        loading.unknown.templates = True
        return {"content": "-"}
    if warn_of_lost_prose(loading.findings, location, entry, is_template=True):
        loading.unknown.templates = True  # what is cut off may use an input
    loading.texts[location] = entry
    if not node.text.strip():
        cure = "write a text, or drop the message"
        loading.findings.add(entry.document, "PK121", f"`{location}` is empty", node, help=cure)
    return {"content": node.text}


def _built(loading: Loading, index: int, entry: Entry, known: dict[str, Any], *, quiet: bool) -> Any:
    built, faults = build(MessageSpec, known)
    if "content" not in known and not quiet:
        faults.append(Fault("missing", ("content",), "it is missing"))
    for fault in faults:
        fault.location = ("messages", index, *fault.location)
    report_all(loading.findings, faults, loading.places, entry)
    return built or MessageSpec(role="user", content="-")
