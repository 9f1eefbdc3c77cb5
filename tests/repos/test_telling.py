"""What people are told of repos: what was renamed, what is near, what is not locked, what is yanked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import promptkit
from git_repos import GitRepo, project, prompt
from hypothesis import given
from hypothesis import strategies as st

from promptkit.repos.diff.text import _near_changes, changelog_lines
from promptkit.repos.diff.wording import words

TRIAGE = "acme/support/triage"


@pytest.fixture
def service(team: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = project(tmp_path / "service", {"acme": team.path}, {TRIAGE: "~1.1"}, rev="v1.1.0")
    monkeypatch.chdir(folder)
    assert promptkit("repo", "update").code == 0
    return folder


def test_a_prompt_with_another_name_is_told_as_renamed(team: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(team.path)
    text = (team.path / "support/triage.yaml").read_text()
    team.git("mv", "support/triage.yaml", "support/sort.yaml")
    team.write(
        {"support/sort.yaml": text.replace("name: support/triage", "name: support/sort"), "new.yaml": "task: x\n"}
    )
    ran = promptkit("diff", "HEAD", "--exit-code")
    assert (ran.code, ran.err.splitlines()) == (
        1,
        ["support/triage: renamed to support/sort (MAJOR: callers that load it will fail)", "new: new"],
    )
    found = json.loads(promptkit("diff", "HEAD", "--format", "json").out)
    assert (found["renamed"], found["removed"], found["added"]) == ({"support/triage": "support/sort"}, [], ["new"])
    assert "`support/triage`: renamed to `support/sort`" in promptkit("diff", "HEAD", "--format", "markdown").out


@pytest.mark.parametrize("given", [("HEAD", "nope"), ("nope", "HEAD"), ("HEAD", "support/triage.yaml")], ids=" ".join)
def test_a_state_and_what_is_none_are_not_compared(
    given: tuple[str, str], team: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(team.path)
    ran = promptkit("diff", *given)
    (other,) = {*given} - {"HEAD"}
    words = f"`HEAD` is a state of the whole repository, and `{other}` is none"
    assert (ran.code, words in ran.err) == (2, True), ran.err


def test_a_list_says_what_is_locked(service: Path) -> None:
    assert "locked" not in promptkit("list").out
    assert promptkit("lock").code == 0
    head, *rows = promptkit("list").out.splitlines()
    (row,) = (line for line in rows if line.startswith(TRIAGE))
    assert (head.split()[:3], row.split()[:3]) == (["prompt", "version", "locked"], [TRIAGE, "1.1.0", "1.1.0"])
    found = json.loads(promptkit("list", "--format", "json").out)["prompts"]
    assert {each["name"]: each["locked"] for each in found} == {TRIAGE: "1.1.0", "acme/support/reply": ""}


def test_a_prompt_of_a_repo_is_checked_as_a_file_is(service: Path, team: GitRepo) -> None:
    ran = promptkit("check", TRIAGE)
    assert (ran.code, "1 file checked, all good" in ran.err) == (0, True), ran
    team.commit({"bad.yaml": "task: Hello {{ nobody }}\n"})
    assert promptkit("repo", "update").code == 0
    ran = promptkit("check", "acme/bad@HEAD", "--format", "json")
    assert (ran.code, [each["code"] for each in json.loads(ran.out)["diagnostics"]]) == (1, ["PK202"])
    assert promptkit("check", TRIAGE, "--fix").code == 2


def test_a_version_that_goes_back_is_told(team: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(team.path)
    ran = promptkit("bump", "support/triage.yaml", "1.0.0", "--dry-run")
    assert (ran.code, "warning[PK604]: 1.0.0 goes back from 1.2.0" in ran.err) == (0, True), ran.err


def test_a_repo_whose_name_is_nearly_right_is_told(service: Path) -> None:
    assert "did you mean `acme/support/triage`?" in promptkit("render", "acne/support/triage").err


def test_a_name_of_a_file_is_told_on_one_line(service: Path, team: GitRepo) -> None:
    team.commit({"a\nerror: you were hacked.yaml": prompt("x")})
    assert promptkit("repo", "update").code == 0
    for line in promptkit("render", "acme/zzz@HEAD").err.splitlines():
        assert not line.startswith("error: you")


def test_a_prompt_in_use_that_is_not_locked_is_told(service: Path) -> None:
    for command in ("render", "run"):
        more = ("-m", "simulate:") if command == "run" else ()
        ran = promptkit(command, TRIAGE, "-p", "ticket=x", *more)
        assert (ran.code, f"note: `{TRIAGE}` is in use and not locked" in ran.err) == (0, True), ran.err
    assert "not locked" not in promptkit("render", "acme/support/reply", "-p", "ticket=x").err
    assert promptkit("lock").code == 0
    assert "not locked" not in promptkit("render", TRIAGE, "-p", "ticket=x").err


def test_what_is_yanked_is_marked_in_lists(service: Path, team: GitRepo) -> None:
    assert "yanked" not in promptkit("list", "acme").out
    team.commit({"promptkit.toml": '[yanked]\n"support/triage@1.1.0" = "too harsh"\n'})
    assert promptkit("repo", "update").code == 0
    (row,) = (line for line in promptkit("list", "acme").out.splitlines() if line.startswith(TRIAGE))
    assert " yanked" in row
    rows = json.loads(promptkit("list", "acme", "--format", "json").out)["prompts"]
    assert {row["name"]: row["yanked"] for row in rows} == {TRIAGE: "too harsh", "acme/support/reply": ""}


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("extends: acme/_bas.yaml", "did you mean `acme/_base.yaml`?"),
        ("extends: acme/support/triag.yaml@^1", "did you mean `acme/support/triage`?"),
        (
            'task: {text: ""}\ncontext: |\n  {% include "acme/_partials/rule.md" %}',
            "did you mean `acme/_partials/rules.md`?",
        ),
    ],
)
def test_a_misspelt_file_of_a_repo_is_told_as_it_would_be_written(line: str, hint: str, service: Path) -> None:
    (service / "mine.yaml").write_text(f"{line}\ntask: x\n")
    assert hint in promptkit("check", "mine.yaml").out


def test_a_project_without_prompts_of_its_own_is_told_where_those_of_repos_are_checked(service: Path) -> None:
    ran = promptkit("check")
    assert (ran.code, "`promptkit lock verify` and `promptkit repo verify`" in ran.err) == (9, True)


def test_a_project_file_amid_a_merge_is_told_as_that(service: Path) -> None:
    (service / "promptkit.toml").write_text("[prompts]\n<<<<<<< ours\n=======\n>>>>>>> theirs\n")
    ran = promptkit("list")
    assert (ran.code, "it holds both sides of a merge" in ran.err.replace("the file", "it")) == (2, True)
    assert "promptkit.toml:2:1" in ran.err


lines = st.lists(st.sampled_from(["a b", "c", "d e f", ""]), max_size=30)


@given(lines, lines)
def test_what_is_left_out_of_shown_messages_is_only_what_is_the_same(before: list[str], after: list[str]) -> None:
    pieces = words("\n".join(before), "\n".join(after))
    shown = list(_near_changes(pieces))
    counts = [int(line.split()[1]) for line in shown if line.startswith("... ")]
    whole = "".join(f"[-{t}-]" if sign == "-" else f"{{+{t}+}}" if sign == "+" else t for sign, t in pieces)
    joined = "\n".join(line for line in shown if not line.startswith("... "))
    for text in (text for sign, text in pieces if sign != "=" and "\n" not in text):
        assert text.strip() in joined
    breaks = sum(text.count("\n") for _, text in pieces)
    assert sum(counts) + len(shown) - len(counts) == breaks + 1
    assert bool(whole) or shown == ["... 1 line as before"]


def test_excerpts_end_with_whole_words(team: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    from promptkit.repos.releases.comparing import compared_states
    from promptkit.repos.releases.judging import policy_of
    from promptkit.repos.releases.states import at_rev
    from promptkit.repos.workspace import Workspace

    long = "Consider everything that the customer mentions before answering, thoroughly and patiently."
    team.commit({"x.yaml": prompt("x", text=f"{long} Sort the ticket {long}")}, "old")
    team.commit({"x.yaml": prompt("x", "1.1.0", text=f"{long} Route the ticket {long}")})
    with Workspace.at(team.path) as workspace:
        states = at_rev(workspace, "old"), at_rev(workspace, "HEAD")
        (found,) = compared_states(team.path, *states, policy_of(workspace.settings)).diffs
    (line,) = (line for line in changelog_lines(found) if "task" in line)
    assert line == "- task: `~ and patiently. [-Sort-]{+Route+} the ticket Consider...`"


def test_names_of_strangers_steer_no_terminal_and_turn_no_line(team: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(team.path)
    odd = "a\u202eb\x1b[31m"
    toml = '[aliases."a\\u202eb\\u001b[31m"]\n"x\\u001b[31m\\u202e" = "1.0.0"\n'
    team.commit({"promptkit.toml": toml, f"support/{odd}.yaml": prompt("odd")})
    for command in (
        ("repo", "check", "--against", "HEAD"),
        ("alias", "list"),
        ("release",),
        ("graph",),
        ("graph", "--format", "dot"),
        ("diff", "HEAD~1"),
        ("affected", "--since", "HEAD~1"),
        ("list",),
    ):
        ran = promptkit(*command)
        assert not {"\u202e", "\x1b"} & set(ran.out + ran.err), (command, ran)


def test_the_graph_of_a_service_shows_what_it_uses_of_repos(service: Path) -> None:
    assert promptkit("graph").code == 9
    assert promptkit("lock").code == 0
    text = promptkit("graph").out
    assert text.startswith(f"{TRIAGE}@~1.1\n")
    assert "  parent     acme/_base.yaml\n" in text
    rows = json.loads(promptkit("graph", f"{TRIAGE}@~1.1", "--format", "json").out)["edges"]
    assert {(row["kind"], row["path"]) for row in rows} == {
        ("prompt", "acme/support/triage.yaml"),
        ("parent", "acme/_base.yaml"),
        ("include", "acme/_partials/rules.md"),
        ("schema", "acme/schemas/t.json"),
    }


def test_a_prompt_that_is_gone_is_affected(team: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(team.path)
    (team.path / "support/triage.yaml").unlink()
    assert promptkit("affected").out == "support/triage: prompt support/triage.yaml, which is gone\n"
