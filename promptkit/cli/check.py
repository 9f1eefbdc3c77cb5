"""`promptkit check`: every mistake in prompts, each at its place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from promptkit.cli import common
from promptkit.cli.candidates import templates
from promptkit.phrases import counted
from promptkit.source import ENDINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from promptkit.checking import Report, Rules
    from promptkit.diagnostics import Diagnostic
    from promptkit.source import Source

_MANY = 50
"""From so many files on, whoever watches sees how far the check has come."""


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(allow_dash=True, readable=False), shell_complete=templates)
@common.findings_option
@click.option("--select", multiple=True, metavar="CODES", help="Tell only these, such as PK2 or PK203,PK213.")
@click.option("--ignore", multiple=True, metavar="CODES", help="Do not tell these; how many there are is told.")
@click.option("--fix", is_flag=True, help="Write the cure of each mistake that has just one into its file.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option("-j", "--jobs", type=click.IntRange(1), help="Processes; by default as many as there are processors.")
@click.option("-q", "--quiet", is_flag=True, help="No summary.")
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    form: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fix: bool,
    diff: bool,
    jobs: int | None,
    quiet: bool,
) -> None:
    """Check prompts: files, references, or folders with all `.yaml` files below them (by default the working folder).

    Needs no key and no network. Exits with 1 when there are errors, with 0 when there are none (warnings or not),
    and with 9 when there is no file to check.

    A project's file can choose and weigh, under `[check]`: `ignore = ["PK213"]`, `severity = {PK203 = "error"}`. A
    comment `# promptkit: ignore PK203` switches a warning off in its line.

    \b
    Examples:
      promptkit check
      promptkit check triage/triage.yaml
      promptkit check triage/ --fix
      promptkit check triage/ --format github --ignore PK203
      promptkit check - < triage/triage.yaml
    """
    from promptkit.checking import Report, read_rules
    from promptkit.cli.report import BUG, FINDINGS, NOTHING_SELECTED, say
    from promptkit.template_paths import is_reference

    if diff and form != "text":
        raise click.UsageError("--diff prints a diff, and has no other --format")
    opened = [path for path in dict.fromkeys(paths) if path == "-" or is_reference(path)]
    if (fix or diff) and opened:
        raise click.UsageError(f"--fix and --diff are for files; `{opened[0]}` is none")
    files = sorted(_files(path for path in paths or (".",) if path not in opened))
    if not files and not opened:
        say(f"error: there is no .yaml file in {', '.join(f'`{path}`' for path in paths) or 'this folder'}")
        if not paths and _uses_repos():
            say("  = help: `promptkit lock verify` and `promptkit repo verify` check what is used of repos")
        ctx.exit(NOTHING_SELECTED)
    rules = read_rules(select, ignore)
    report = Report()
    cures = _fixed(files, rules, report, write=not diff) if fix or diff else (0, 0)
    if diff:
        say(_cured(*cures, "would be"), quiet=quiet)
        ctx.exit(FINDINGS if cures[0] else 0)
    _told(opened, files, form, rules, report, jobs or 0)
    say(_summary(report, cures), quiet=quiet)
    ctx.exit(BUG if report.failed else FINDINGS if report.counts["error"] else 0)


def _told(opened: Sequence[str], files: Sequence[str], form: str, rules: Rules, report: Report, jobs: int) -> None:
    """Check what is named and print what is found: as it is found where the form allows it, in order of the files."""
    from promptkit.cli.findings import FORMS
    from promptkit.cli.terminal import painted, put

    streams = form in ("text", "github")
    kept: list[Diagnostic] = []
    for file, found in _watched(_results(opened, files, jobs), len(opened) + len(files)):
        told = report.take(file, found, rules)
        if not streams:
            kept += told
        elif told:
            put(FORMS[form](told), paint=painted if form == "text" else None)
    if not streams:
        put(FORMS[form](kept))


def _results(opened: Sequence[str], files: Sequence[str], jobs: int) -> Iterator[tuple[str, tuple[Diagnostic, ...]]]:
    from promptkit.checking import check_files, check_source
    from promptkit.cli.templates import open_template

    for each in opened:
        yield each, check_source(*open_template(each))
    yield from check_files(files, jobs)


def _watched(
    results: Iterator[tuple[str, tuple[Diagnostic, ...]]], total: int
) -> Iterator[tuple[str, tuple[Diagnostic, ...]]]:
    """The same results; whoever watches stderr sees how many files are done."""
    from promptkit.cli.terminal import redraw, watched

    shows = total >= _MANY and watched()
    for number, result in enumerate(results, 1):
        if shows:
            redraw("")
        yield result
        if shows and number < total:
            redraw(f"{number:,} of {total:,} files checked")


def _fixed(files: Sequence[str], rules: Rules, report: Report, *, write: bool) -> tuple[int, int]:
    """Cure what the rules tell, or show how; how many cures there are, and in how many files."""
    from promptkit.checking import check_source
    from promptkit.cli.terminal import put
    from promptkit.fixes import fixed, rewrite
    from promptkit.template_paths import locate, path_fault, source_at

    cures = changed = 0
    for file in files:
        if path_fault(file) is not None:
            continue
        path = Path(file)
        root, inside = locate(path)
        source = source_at(root)
        text = _text_of(path)
        if text is None:
            continue

        whole = report.rules(file, rules)

        def own(text: str, source: Source = source, inside: str = inside, whole: Rules = whole) -> Iterable[Diagnostic]:
            shown = source.shown(inside)
            told = whole.of(check_source(source, inside, text))
            return [each for each in told if each is not None and each.path == shown]

        better, applied = fixed(text, own)
        if applied:
            cures, changed = cures + applied, changed + 1
            if write:
                rewrite(path, better)
            else:
                put(_diff(file, text, better), end="")
    return cures, changed


def _text_of(path: Path) -> str | None:
    """A file's text as it stands, line ends and all; None for what is no text, which the check tells."""
    from promptkit.limits import current_limits

    try:
        if path.stat().st_size > current_limits().file_bytes:
            return None
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _diff(file: str, text: str, better: str) -> str:
    from difflib import unified_diff

    lines = unified_diff(text.splitlines(keepends=True), better.splitlines(keepends=True), file, f"{file} (fixed)")
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _files(paths: Iterable[str]) -> Iterator[str]:
    """The files that are named or lie below what is named, each once. Raises `SpecError` for what is not there."""
    seen: set[str] = set()
    for path in paths:
        for file in _below(path):
            full = os.path.abspath(file)  # noqa: PTH100 (by name: a link is a prompt of its own)
            if full not in seen:
                seen.add(full)
                yield file


def _below(path: str) -> Iterable[str]:
    from promptkit.template_paths import prompt_path

    folder = Path(path)
    if not path or not _is_folder(folder):
        path = prompt_path(path)
        _require(path)
        return [path]
    from promptkit.checking import data_files

    found = [file for file in folder.rglob("*") if file.suffix in ENDINGS and file.is_file()]
    files = [str(file) for file in sorted(found) if not _is_hidden(file.relative_to(folder))]
    data = data_files(files)  # which are checked by what names them
    return [file for file in files if os.path.abspath(file) not in data]  # noqa: PTH100


def _require(path: str) -> None:
    """Raise `SpecError` for a path that is named and not there."""
    from promptkit.errors import SpecError
    from promptkit.template_paths import path_fault

    fault = path_fault(path)
    if fault is not None:
        raise SpecError([fault])


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long is told of when it is opened
        return False


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _summary(report: Report, cures: tuple[int, int]) -> str:
    files = f"{counted(report.files, 'file')} checked"
    errors, warnings, notes = (report.counts[severity] for severity in ("error", "warning", "note"))
    told = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}" if errors or warnings else "all good"
    parts = [f"{files}: {told}" if errors or warnings else f"{files}, {told}"]
    parts += [counted(notes, "note")] if notes else []
    parts += [f"{report.ignored:,} ignored"] if report.ignored else []
    parts += [_cured(*cures, "")] if cures[0] else []
    stubborn = ", ".join(sorted(report.stubborn))
    tail = f"\n{stubborn} cannot be lowered: a file with an error cannot be used" if stubborn else ""
    return ", ".join(parts) + tail


def _cured(cures: int, files: int, words: str) -> str:
    would = f" {words}" if words else ""
    return f"{counted(cures, 'mistake')}{would} fixed in {counted(files, 'file')}"


def _uses_repos() -> bool:
    """Whether the project at hand declares repos."""
    from promptkit.settings import find_root
    from promptkit.template_paths import project_table

    root = find_root(Path())
    return root is not None and bool(project_table(root, "repos"))
