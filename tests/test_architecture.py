"""What keeps the house: what loads when, who may import whom, and how large a room may grow."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from promptkit.late_pattern import LatePattern

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "promptkit"
TEMPLATE = "templates/support/triage.yaml"
INPUTS = "templates/support/triage.inputs.json"

LOADED = """
import atexit, json, sys
atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))
"""


def loaded_by(code: str) -> set[str]:
    """The top-level packages that a fresh interpreter holds after running some code."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED + code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert 0 == done.returncode, done.stderr[-2000:]
    return {name.partition(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}


def loaded_by_command(*arguments: str) -> set[str]:
    return loaded_by(f"from promptkit.cli.main import entry\nentry({list(arguments)!r})")


def third_party(names: set[str]) -> set[str]:
    """What neither Python itself nor its start-up (site, .pth files) brings along."""
    return names - set(sys.stdlib_module_names) - loaded_by("") - {"promptkit"}


def test_importing_the_package_loads_no_third_party_package() -> None:
    assert set() == third_party(loaded_by("import promptkit"))


def test_help_loads_no_heavy_package() -> None:
    heavy = {"pydantic", "jinja2", "yaml", "openai", "asyncio", "rich"}
    assert set() == heavy & loaded_by_command("--help")


def test_render_loads_neither_the_client_nor_the_log() -> None:
    assert set() == {"openai", "pydantic", "rich", "sqlite3"} & loaded_by_command("render", TEMPLATE, "-i", INPUTS)


def test_check_loads_neither_the_client_nor_the_log() -> None:
    assert set() == {"openai", "pydantic", "rich", "sqlite3", "asyncio"} & loaded_by_command("check", TEMPLATE)


def test_a_run_on_a_model_of_our_own_does_not_load_the_client() -> None:
    assert "openai" not in loaded_by_command("run", TEMPLATE, "-i", INPUTS, "-m", "simulate:", "--no-log")


OWNERS = {
    "yaml": {"yamlfile.py"},
    "jinja2": {
        "template/environment.py",
        "template/expressions.py",
        "template/fence_transform.py",
        "template/failures.py",
        "template/filters.py",
        "template/names.py",
        "template/placed_environment.py",
        "template/tracing_environment.py",
        "template/instrumentation.py",
        "template/parser.py",
        "template/paths.py",
        "template/simple_parser.py",
        "template/alpha_renaming.py",
        "template/syntax.py",
        "template/templates.py",
        "template/text_faults.py",
        "template/tree_building.py",
    },
    "openai": {"models/chat_api.py"},
    "opentelemetry": {"extras/otel.py"},
    "httpx2": {"models/chat_api.py", "models/connection.py"},
    "jsonschema_rs": {"schema/validators.py"},
    "sqlite3": {"logfile.py", "models/cache_file.py"},
    "rs_bpe": {"vocabularies.py"},
    "xllamacpp": {"models/local_server.py"},
}
"""The few modules that may know each package."""


@cache
def imported(path: Path) -> set[str]:
    """The top-level packages that a module imports anywhere, but for type checking."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("package", OWNERS)
def test_a_package_is_imported_only_by_its_owner(package: str) -> None:
    importers = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if package in imported(path)}
    assert OWNERS[package] == importers


def test_no_module_outgrows_its_reader() -> None:
    long = {
        path.relative_to(PACKAGE).as_posix(): lines
        for path in PACKAGE.rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 350
    }
    assert {} == long


def test_no_named_tuple_has_a_field_of_dataclasses_for_a_default() -> None:
    odd = [
        f"{path.relative_to(PACKAGE)}: {node.name}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and "NamedTuple" in map(ast.unparse, node.bases)
        if any(isinstance(each, ast.AnnAssign) and "field(" in ast.unparse(each) for each in node.body)
    ]
    assert [] == odd


def _called_by_an_import(node: ast.AST) -> Iterator[ast.Call]:
    """The calls that run when a module is imported: all that stand in no function."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            if isinstance(child, ast.Call):
                yield child
            yield from _called_by_an_import(child)


def test_no_pattern_is_compiled_by_an_import() -> None:
    early = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for call in _called_by_an_import(ast.parse(path.read_text(encoding="utf-8")))
        if ast.unparse(call.func) == "re.compile"
    ]
    assert [] == early, "LatePattern compiles when it is first used"


def test_every_late_pattern_compiles() -> None:
    def late_patterns(value: object, deep: int = 3) -> Iterator[LatePattern[Any]]:
        if isinstance(value, LatePattern):
            yield value
        elif isinstance(value, tuple | list | dict) and deep:
            for item in value.values() if isinstance(value, dict) else value:
                yield from late_patterns(item, deep - 1)

    compiled = {
        pattern.compiled.pattern
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.stem != "__main__"
        for value in vars(import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))).values()
        for pattern in late_patterns(value)
    }
    assert len(compiled) > 400


def test_template_files_are_opened_by_the_source_alone() -> None:
    """Loading, checking and rendering read nothing but through `Source`."""
    doors = ("open(", ".read_text(", ".read_bytes(")
    shelves = [*(PACKAGE / "loading").glob("*.py"), *(PACKAGE / "template").glob("*.py"), *PACKAGE.glob("yaml*.py")]
    rooms = [*shelves, *(PACKAGE / f"{name}.py" for name in ("loader", "renderer", "layout", "inputs"))]
    assert 20 < len(rooms)
    assert [] == [room.name for room in rooms if any(door in room.read_text() for door in doors)]
