"""Repositories made to do harm: none may run a command, nor disclose a file of this machine.

Each plants a command that would leave a mark, or leads to a secret; then all that promptkit does with repos is done.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import zlib
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path

import pytest
from command_line import Ran, promptkit
from git_repos import GitRepo, project, prompt

from promptkit.errors import RepoError
from promptkit.repos.git import objects
from promptkit.repos.git.local import GitDirectory

SECRET = "the-secret-of-this-machine"
Plant = Callable[[GitRepo, str, Path], None]


def config(text: str) -> Plant:
    def plant(repo: GitRepo, mark: str, _: Path) -> None:
        with (repo.path / ".git/config").open("a") as file:
            file.write(text.replace("MARK", mark))

    return plant


def hooks(repo: GitRepo, mark: str, _: Path, folder: str = "hooks") -> None:
    for name in ("post-checkout", "pre-commit", "reference-transaction", "post-merge", "post-index-change", "update"):
        path = repo.path / ".git" / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{mark}\n")
        path.chmod(0o755)


def hooks_path(repo: GitRepo, mark: str, folder: Path) -> None:
    hooks(repo, mark, folder, "others")
    config("[core]\n\thooksPath = .git/others\n")(repo, mark, folder)


def included(repo: GitRepo, mark: str, folder: Path) -> None:
    (repo.path / ".git/evil").write_text(f'[core]\n\tfsmonitor = "{mark}"\n')
    config("[include]\n\tpath = evil\n")(repo, mark, folder)


def filters(repo: GitRepo, mark: str, folder: Path) -> None:
    (repo.path / ".git/info").mkdir(exist_ok=True)
    (repo.path / ".git/info/attributes").write_text("* filter=x diff=x\n")
    config('[diff "x"]\n\ttextconv = MARK\n\tcommand = MARK\n\tcachetextconv = true\n')(repo, mark, folder)
    index(repo, {".gitattributes": "* filter=x diff=x\n"})
    config('[filter "x"]\n\tsmudge = MARK\n\tclean = MARK\n\tprocess = MARK\n\trequired = true\n')(repo, mark, folder)


def index(repo: GitRepo, files: dict[str, str], mode: str = "100644") -> None:
    """Commit files by plumbing, whatever filters say and worktrees allow."""
    for name, text in files.items():
        oid = _object(repo, "blob", text.encode())
        repo.git("update-index", "--add", "--cacheinfo", f"{mode},{oid},{name}")
    tree = repo.git("write-tree")
    commit = repo.git("commit-tree", tree, "-p", "HEAD", given="planted")
    repo.git("update-ref", "--no-deref", "refs/heads/main", commit)


def _object(repo: GitRepo, kind: str, data: bytes) -> str:
    whole = f"{kind} {len(data)}\0".encode() + data
    oid = sha1(whole).hexdigest()
    path = repo.path / ".git/objects" / oid[:2] / oid[2:]
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        path.write_bytes(zlib.compress(whole))
    return oid


def tree_of(repo: GitRepo, entries: list[tuple[str, bytes, str]]) -> str:
    data = b"".join(mode.encode() + b" " + name + b"\0" + bytes.fromhex(oid) for mode, name, oid in entries)
    return _object(repo, "tree", data)


def commit_tree(repo: GitRepo, tree: str) -> None:
    people = "a <a@b> 1790000000 +0000"
    text = f"tree {tree}\nparent {repo.git('rev-parse', 'HEAD')}\nauthor {people}\ncommitter {people}\n\nplanted\n"
    oid = _object(repo, "commit", text.encode())
    (repo.path / ".git/refs/heads/main").write_text(f"{oid}\n")


def links(repo: GitRepo, _: str, secret: Path) -> None:
    include = prompt("support/leak", text='{% include "../link.md" %} {% include "../folder/secret" %}')
    index(repo, {"support/leak.yaml": include})
    index(repo, {"link.md": str(secret), "support/triage.yaml": str(secret)}, "120000")
    index(repo, {"folder": str(secret.parent)}, "120000")


def submodule(repo: GitRepo, mark: str, _: Path) -> None:
    text = f'[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "{mark}"\n\tupdate = !{mark}\n'
    index(repo, {".gitmodules": text})
    head = repo.git("rev-parse", "HEAD")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{head},x")
    index(repo, {"y.md": "y"})


def odd_names(repo: GitRepo, _: str, secret: Path) -> None:
    inner = _object(repo, "blob", f"task: {secret}".encode())
    sub = tree_of(repo, [("100644", b"passwd.yaml", inner)])
    names = [b"..", b".git", b"--upload-pack=x.yaml", b"a\nb.yaml", b"\xff\xfe.yaml", b"x\x1b[2J.yaml"]
    entries = [("40000" if name in (b"..", b".git") else "100644", name) for name in names]
    commit_tree(repo, tree_of(repo, [(mode, name, sub if mode == "40000" else inner) for mode, name in entries]))


def tree_bomb(repo: GitRepo, _: str, __: Path) -> None:
    oid = tree_of(repo, [("100644", f"{i}.yaml".encode(), _object(repo, "blob", b"task: x")) for i in range(10)])
    for _level in range(12):
        oid = tree_of(repo, [("40000", f"d{i}".encode(), oid) for i in range(10)])
    commit_tree(repo, oid)


def broken_objects(repo: GitRepo, _: str, __: Path) -> None:
    commit_tree(repo, tree_of(repo, [("100644", b"a.yaml", "1" * 40), ("40000", b"b", "2" * 40)]))


def wrong_types(repo: GitRepo, _: str, __: Path) -> None:
    blob = _object(repo, "blob", b"task: x")
    tree = tree_of(repo, [("100644", b"x.yaml", blob)])
    commit_tree(repo, tree_of(repo, [("40000", b"folder", blob), ("100644", b"file.yaml", tree)]))
    for name, oid in (("v9.0.0", blob), ("v9.1.0", tree), ("v9.2.0", "3" * 40)):
        (repo.path / ".git/refs/tags").mkdir(exist_ok=True)
        (repo.path / ".git/refs/tags" / name).write_text(f"{oid}\n")


def huge_blob(repo: GitRepo, _: str, __: Path) -> None:
    index(repo, {"support/triage.yaml": f"task: {'x' * 40_000_000}"})


def option_refs(repo: GitRepo, mark: str, _: Path) -> None:
    head = repo.git("rev-parse", "HEAD")
    for name in (f"--upload-pack={mark.split(maxsplit=1)[0]}", "-oProxyCommand=x", "v1.0.0;x", "$(x)", "v1.0.0^{}"):
        safe = name.replace("/", "_")
        (repo.path / ".git/refs/heads" / safe).write_text(f"{head}\n")
        (repo.path / ".git/refs/tags" / safe).write_text(f"{head}\n")


def looping_refs(repo: GitRepo, _: str, secret: Path) -> None:
    (repo.path / ".git/refs/heads/loop").write_text("ref: refs/heads/loop\n")
    (repo.path / ".git/refs/heads/out").write_text("ref: ../../../etc/passwd\n")
    (repo.path / ".git/refs/tags/linked").symlink_to(secret)
    os.mkfifo(repo.path / ".git/refs/heads/pipe")


def gitfile(repo: GitRepo, _: str, secret: Path) -> None:
    """`.git` becomes a file that leads to a private repository of this machine."""
    private = GitRepo.at(secret.parent / "private")
    private.commit({"support/triage.yaml": prompt("support/triage", text=SECRET)}, "v1.0.0")
    (repo.path / ".git").rename(repo.path / "git.was")
    (repo.path / ".git").write_text(f"gitdir: {private.path / '.git'}\n")


def linked_git(repo: GitRepo, _: str, secret: Path) -> None:
    private = GitRepo.at(secret.parent / "private")
    private.commit({"support/triage.yaml": prompt("support/triage", text=SECRET)}, "v1.0.0")
    (repo.path / ".git").rename(repo.path / "git.was")
    (repo.path / ".git").symlink_to(private.path / ".git")


def linked_objects(repo: GitRepo, _: str, secret: Path) -> None:
    private = GitRepo.at(secret.parent / "private")
    commit = private.commit({"support/triage.yaml": prompt("support/triage", text=SECRET)}, "v1.0.0")
    (repo.path / ".git/objects").rename(repo.path / ".git/objects.was")
    (repo.path / ".git/objects").symlink_to(private.path / ".git/objects")
    (repo.path / ".git/refs/heads/main").write_text(f"{commit}\n")


def borrowed(repo: GitRepo, _: str, secret: Path) -> None:
    """Its objects are said to be another repository's, too, and its branch stands at a commit of that."""
    private = GitRepo.at(secret.parent / "private")
    commit = private.commit({"support/triage.yaml": prompt("support/triage", text=SECRET)}, "v1.0.0")
    (repo.path / ".git/objects/info").mkdir(exist_ok=True)
    (repo.path / ".git/objects/info/alternates").write_text(f"{private.path / '.git/objects'}\n")
    (repo.path / ".git/refs/heads/main").write_text(f"{commit}\n")


def linked_pack(repo: GitRepo, _: str, secret: Path) -> None:
    private = GitRepo.at(secret.parent / "private")
    commit = private.commit({"support/triage.yaml": prompt("support/triage", text=SECRET)}, "v1.0.0")
    private.git("repack", "-a", "-d", "-q")
    for path in (private.path / ".git/objects/pack").iterdir():
        (repo.path / ".git/objects/pack" / path.name).symlink_to(path)
    (repo.path / ".git/refs/heads/main").write_text(f"{commit}\n")


def piped_object(repo: GitRepo, _: str, __: Path) -> None:
    oid = repo.git("rev-parse", "HEAD:support/triage.yaml")
    path = repo.path / ".git/objects" / oid[:2] / oid[2:]
    path.unlink()
    os.mkfifo(path)


def replaced(repo: GitRepo, _: str, secret: Path) -> None:
    evil = _object(repo, "blob", prompt("support/triage", text=SECRET).encode())
    good = repo.git("rev-parse", "HEAD:support/triage.yaml")
    (repo.path / ".git/refs/replace").mkdir(parents=True)
    (repo.path / ".git/refs/replace" / good).write_text(f"{evil}\n")


def foreign_repos(repo: GitRepo, _: str, secret: Path) -> None:
    """Its own file names places of this machine, and the network, as repos that its prompts include."""
    text = f'[repos.here]\npath = "{secret.parent}"\n[repos.disk]\nurl = "{secret.parent}"\n'
    text += '[repos.net]\nurl = "https://127.0.0.1:1/x"\n'
    (secret.parent / "promptkit.toml").write_text("")
    files = {"promptkit.toml": text}
    for name in ("here", "disk", "net"):
        files[f"support/{name}.yaml"] = prompt(f"support/{name}", text=f'{{% include "{name}/secret@" %}}')
        files[f"support/{name}2.yaml"] = prompt(f"support/{name}2", text=f'{{% include "{name}/secret" %}}')
    index(repo, files)


HOSTILE: dict[str, Plant] = {
    "fsmonitor": config('[core]\n\tfsmonitor = "MARK"\n'),
    "hooks path": hooks_path,
    "hooks": hooks,
    "filters and textconv": filters,
    "pager and editor": config('[core]\n\tpager = "MARK"\n\teditor = "MARK"\n[pager]\n\tlog = "MARK"\n'),
    "ssh and credentials": config(
        '[core]\n\tsshCommand = "MARK"\n\taskPass = "MARK"\n[credential]\n\thelper = "!MARK"\n'
    ),
    "promisor": config(
        '[extensions]\n\tpartialClone = x\n[remote "x"]\n\turl = "ext::sh -c MARK"\n\tpromisor = true\n'
        '[protocol "ext"]\n\tallow = always\n'
    ),
    "promisor by upload-pack": config(
        '[extensions]\n\tpartialClone = x\n[remote "x"]\n\turl = /nowhere\n\tpromisor = true\n\tuploadpack = "MARK"\n'
    ),
    "gpg": config('[gpg]\n\tprogram = "MARK"\n[log]\n\tshowSignature = true\n[commit]\n\tgpgSign = true\n'),
    "include": included,
    "instead of": config('[url "ext::sh -c MARK "]\n\tinsteadOf = /\n\tinsteadOf = https://\n'),
    "links": links,
    "submodule": submodule,
    "odd names": odd_names,
    "tree bomb": tree_bomb,
    "missing objects": broken_objects,
    "wrong types": wrong_types,
    "huge file": huge_blob,
    "references like options": option_refs,
    "references that loop": looping_refs,
    "gitfile": gitfile,
    "linked .git": linked_git,
    "linked objects": linked_objects,
    "replaced objects": replaced,
    "borrowed objects": borrowed,
    "linked pack": linked_pack,
    "a pipe among the objects": piped_object,
    "repos of strangers": foreign_repos,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_repository_runs_nothing_and_discloses_nothing(
    name: str, team: GitRepo, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked = tmp_path / "marks" / "mark"
    marked.parent.mkdir()
    script = tmp_path / "mark.sh"
    script.write_text(f"#!/bin/sh\ntouch {marked}\n")
    script.chmod(0o755)
    secret = tmp_path / "private" / "secret"
    secret.parent.mkdir()
    secret.write_text(SECRET)
    HOSTILE[name](team, str(script), secret)

    said = [*_used_as_repo(team, tmp_path, monkeypatch), *_used_from_inside(team, monkeypatch)]

    assert not marked.exists()
    assert [] == [ran for ran in said if SECRET in ran.out + ran.err]
    assert [] == [ran for ran in said if "Traceback" in ran.err or ran.code == 70]
    assert [] == [path for path in cache.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert [] == [ran for ran in said if "\x1b" in ran.out + ran.err]


FIRED_BY = [
    ("fsmonitor", ("status",)),
    ("include", ("status",)),
    ("hooks path", ("commit", "-q", "--allow-empty", "-m", "x")),
    ("hooks", ("commit", "-q", "--allow-empty", "-m", "x")),
    ("filters and textconv", ("show",)),
    ("filters and textconv", ("checkout", "--", ".")),
    ("ssh and credentials", ("ls-remote", "ssh://127.0.0.1/x")),
    ("promisor by upload-pack", ("cat-file", "-p", "1" * 40)),
    ("gpg", ("commit", "-q", "--allow-empty", "-m", "x")),
]
"""What people do that makes a plant run, whatever the times of the files."""


@pytest.mark.parametrize(("name", "command"), FIRED_BY)
def test_a_plant_would_run_if_git_were_used_as_people_use_it(
    name: str, command: tuple[str, ...], team: GitRepo, tmp_path: Path
) -> None:
    marked, script = tmp_path / "mark", tmp_path / "mark.sh"
    script.write_text(f"#!/bin/sh\ntouch {marked}\n")
    script.chmod(0o755)
    HOSTILE[name](team, str(script), tmp_path)
    with contextlib.suppress(subprocess.CalledProcessError):
        team.git(*command)
    assert marked.exists()


def _used_as_repo(team: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Ran]:
    """All that a project does with a repo that it declares."""
    names = ["support/triage", "support/leak", *(f"support/{each}" for each in ("here", "disk", "net2", "here2"))]
    prompts = {f"evil/{each}": "" for each in names[:1]}
    folder = project(tmp_path / "service", {"evil": team.path}, prompts, rev="HEAD")
    monkeypatch.chdir(folder)
    commands = [("repo", "update"), ("repo", "list"), ("repo", "verify"), ("lock",), ("lock", "verify"), ("list",)]
    commands += [("lock", "update"), ("search", "support"), ("lock", "--frozen")]
    commands += [("render", f"evil/{each}", "-p", "ticket=x") for each in names]
    commands += [("render", f"evil/support/triage@{wanted}", "-p", "ticket=x") for wanted in ("v1.0.0", "^1", "*")]
    return [promptkit(*command) for command in commands]


def _used_from_inside(team: GitRepo, monkeypatch: pytest.MonkeyPatch) -> list[Ran]:
    """All that somebody does who stands in a clone."""
    monkeypatch.chdir(team.path)
    commands = [("render", "support/triage@HEAD", "-p", "ticket=x"), ("list",), ("check", "support")]
    commands += [("render", "support/triage@^1", "-p", "ticket=x"), ("render", "support/triage.yaml@HEAD")]
    return [promptkit(*command) for command in commands]


def test_git_that_does_not_answer_is_ended(team: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "READ_SECONDS", 0.2)
    with objects.Objects(team.path / ".git") as reading:
        piped_object(team, "", team.path)
        with pytest.raises(RepoError, match="no end of the object"):
            reading.get("HEAD:support/triage.yaml", 1_000)
        assert reading.get("HEAD", 1_000) is not None


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_what_strangers_write_cannot_pretend_on_a_pipe(
    form: str, team: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(team.path)
    evil = "support/x\n\x1b]0;title\x07y"
    text = prompt("support/evil") + 'description: "a\\e[31m\\nverdict  nothing changed\\u202e"\n'
    index(team, {f"{evil}.yaml": text})
    index(team, {f"{evil}.yaml": text.replace("verdict", "Verdict").replace("1.0.0", "1.0.1")})
    team.git("reset", "-q", "--hard")
    shown = [promptkit("diff", "HEAD~1", "HEAD", "--format", form)]
    shown += [
        promptkit(*words) for words in (("list",), ("graph",), ("affected", "--since", "HEAD~2"), ("search", "x"))
    ]
    assert [] == [ran for ran in shown if ran.code]
    assert [] == [
        line for ran in shown for line in ran.out.splitlines() if line.startswith(("verdict  nothing", "\x1b", "y"))
    ]
    assert [] == [
        ran for ran in shown if any(char in ran.out for char in "\x1b\x07\u202e"[: 2 if form == "json" else 3])
    ]
    assert "\\x1b" in shown[-1].out


def test_a_folder_cannot_pretend_to_be_a_worktree_of_another_repository(
    team: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pretender"
    (folder / "e").mkdir(parents=True)
    (folder / "promptkit.toml").touch()
    (folder / ".git").write_text("gitdir: e\n")
    (folder / "e/gitdir").write_text(f"{folder}/.git\n")
    (folder / "e/commondir").write_text(f"{team.path}/.git\n")
    (folder / "e/HEAD").write_text("ref: refs/heads/main\n")
    monkeypatch.chdir(folder)
    ran = promptkit("render", "support/triage.yaml@HEAD", "-p", "ticket=x")
    assert (ran.code, "knows nothing of this folder" in ran.err, ran.out) == (2, True, "")
    with pytest.raises(RepoError, match="knows nothing of this folder"):
        GitDirectory.at(folder)
