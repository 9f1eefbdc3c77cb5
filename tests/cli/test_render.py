"""`promptkit render`, and what it makes of bad templates and bad inputs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from command_line import START, environment, process, promptkit

TEMPLATE = "triage/triage.yaml"
INPUTS = "triage/inputs.json"


def test_each_message_stands_under_its_role_and_size(triage: Path) -> None:
    ran = promptkit("render", TEMPLATE, "-i", INPUTS)
    rules = [line for line in ran.out.splitlines() if "----" in line]
    assert ["system", "user", "assistant", "user"] == [rule.split()[0] for rule in rules]
    assert {76} == set(map(len, rules))
    assert all(rule.endswith(" tokens +-35 %") for rule in rules)
    assert ran.out.endswith("\n\nTicket: My invoice is wrong\n")


def test_the_window_is_told_beside_the_messages(triage: Path) -> None:
    ran = promptkit("render", TEMPLATE, "-i", INPUTS, "-m", "gpt-oss-120b")
    assert ran.err == f"{'-' * 76}\ngpt-oss-120b: ~297 of 131,072 tokens      output: json_schema\n"


def test_quiet_leaves_the_messages_alone(triage: Path) -> None:
    assert "" == promptkit("render", TEMPLATE, "-i", INPUTS, "-q").err


def test_json_has_a_version_and_the_messages(triage: Path) -> None:
    told: Any = json.loads(promptkit("render", TEMPLATE, "-i", INPUTS, "--format", "json").out)
    assert 1 == told["version"]
    assert "Route this ticket to the right team.\n\nTicket: My invoice is wrong" == told["messages"][-1]["content"]


def test_openai_is_the_body_that_would_be_sent(triage: Path) -> None:
    body: Any = json.loads(promptkit("render", TEMPLATE, "-i", INPUTS, "--format", "openai", "-m", "m-1").out)
    assert ("m-1", "json_schema") == (body["model"], body["response_format"]["type"])


def test_a_parameter_goes_over_the_file(triage: Path) -> None:
    assert "Ticket: Mine\n" in promptkit("render", TEMPLATE, "-i", INPUTS, "-p", "ticket=Mine").out


def test_a_parameter_reads_a_file(triage: Path) -> None:
    (triage / "ticket.txt").write_text("From a file")
    assert "Ticket: From a file\n" in promptkit("render", TEMPLATE, "-p", "ticket=@ticket.txt").out


def test_two_at_signs_are_one_of_the_text(triage: Path) -> None:
    assert "Ticket: @home\n" in promptkit("render", TEMPLATE, "-p", "ticket=@@home").out


def test_inputs_come_from_stdin_too(triage: Path) -> None:
    assert "Ticket: piped\n" in promptkit("render", TEMPLATE, "-i", "-", stdin=b'{"ticket": "piped"}').out


def test_inputs_may_be_yaml(triage: Path) -> None:
    assert "Ticket: no\n" in promptkit("render", TEMPLATE, "-i", "-", stdin=b"ticket: no").out


def test_a_template_comes_from_stdin(place: Path) -> None:
    assert "\nHi\n" in promptkit("render", "-", stdin=b"task: Hi").out


def test_an_inputs_file_may_be_a_pipe(triage: Path) -> None:
    line = '"$@" -i <(echo "{\\"ticket\\": \\"through a pipe\\"}")'
    ran = subprocess.run(
        ["bash", "-c", line, "bash", *START, "render", TEMPLATE], env=environment(), capture_output=True, check=True
    )
    assert b"Ticket: through a pipe\n" in ran.stdout


def test_a_warning_is_told_once_and_not_at_all_when_quiet(place: Path) -> None:
    (place / "warned.yaml").write_text("inputs: {a: string}\ntask: Hi\n")
    assert 1 == promptkit("render", "warned.yaml", "-p", "a=1").err.count("warning[PK203]")
    assert "" == promptkit("render", "warned.yaml", "-p", "a=1", "-q").err


def test_what_was_done_to_a_value_is_noted(place: Path) -> None:
    (place / "in.yaml").write_text("inputs: {who: {type: string, trust: user}}\ntask: Hi {{ who }}\n")
    assert "\nnote: neutralised in a value from user: " in promptkit("render", "in.yaml", "-p", "who=<|im_start|>").err


def test_no_key_and_no_server_are_needed(triage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARA_BASE_URL", "http://127.0.0.1:1/v1")
    assert 0 == promptkit("render", TEMPLATE, "-i", INPUTS).code


# Templates that cannot be used


def make_bad(place: Path) -> dict[str, str]:
    """Each bad template by what is wrong with it, made in the folder; its argument."""
    (place / "folder.yaml").mkdir()
    (place / "binary.yaml").write_bytes(bytes(range(256)) * 4)
    (place / "latin.yaml").write_bytes("task: Gr\xfc\xdfe".encode("latin-1"))
    (place / "empty.yaml").write_bytes(b"")
    (place / "list.yaml").write_text("- task: Hi\n")
    (place / "huge.yaml").write_bytes(b"task: " + b"x" * 20_000_000)
    (place / "broken.yaml").write_text("task: [\n")
    os.mkfifo(place / "fifo.yaml")
    (place / "loop.yaml").symlink_to("loop.yaml")
    return {
        "missing": "missing.yaml",
        "a reference": "acme/triage@1",
        "no name": "",
        "a folder": "folder.yaml",
        "binary": "binary.yaml",
        "not UTF-8": "latin.yaml",
        "empty": "empty.yaml",
        "a list": "list.yaml",
        "huge": "huge.yaml",
        "not YAML": "broken.yaml",
        "a pipe": "fifo.yaml",
        "a link to itself": "loop.yaml",
        "a device": "/dev/zero",
        "too long a name": "x" * 300 + ".yaml",
        "under a file": "list.yaml/x.yaml",
    }


BAD = (
    *("missing", "a reference", "no name", "a folder", "binary", "not UTF-8", "empty", "a list", "huge", "not YAML"),
    *("a pipe", "a link to itself", "a device", "too long a name", "under a file"),
)


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("verb", ["render", "run"])
def test_a_bad_template_is_one_message_and_code_2(verb: str, kind: str, place: Path) -> None:
    ran = promptkit(verb, make_bad(place)[kind])
    assert (2, "") == ran.said
    assert ran.err.startswith("error[PK6" if kind == "a reference" else "error[PK1")
    assert 1 == ran.err.count("error")
    assert len(ran.err) < 700


def test_a_file_without_permission_is_told_as_such(place: Path) -> None:
    setpriv = shutil.which("setpriv")
    if os.geteuid() == 0 and setpriv is None:
        pytest.skip("root may read everything, and there is no setpriv to become somebody else")
    (place / "mine.yaml").write_text("task: Hi")
    (place / "mine.yaml").chmod(0)
    nobody = [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    for folder in (place, place.parent, place.parent.parent):
        folder.chmod(0o755)
    ran = subprocess.run(
        [*nobody, *START, "render", "mine.yaml"], env=environment(), capture_output=True, text=True, check=False
    )
    assert (2, "error[PK113]: `mine.yaml` cannot be read: permission denied\n--> mine.yaml\n") == (
        ran.returncode,
        ran.stderr,
    )


def test_a_folder_suggests_the_one_prompt_in_it(triage: Path) -> None:
    assert promptkit("render", "triage").err == (
        "error[PK113]: `triage` is a folder, not a prompt\n = help: did you mean `triage/triage.yaml`?\n"
    )


@pytest.mark.parametrize("typed", ["triage/triag.yaml", "triage/triag", "./triage/triage.yml"])
def test_a_mistyped_path_suggests_the_file(typed: str, triage: Path) -> None:
    assert "help: did you mean `triage/triage.yaml`?\n" in promptkit("render", typed).err


def test_a_prompt_may_be_named_without_its_ending_where_that_is_one_file(triage: Path) -> None:
    named, whole = (promptkit("render", f"triage/triage{ending}", "-p", "ticket=x") for ending in ("", ".yaml"))
    assert named == whole
    assert named.code == 0
    (triage / "triage/triage.yml").write_text("task: Another.\n")
    ran = promptkit("render", "triage/triage", "-p", "ticket=x")
    assert (ran.code, "there is no file `triage/triage`" in ran.err) == (2, True), ran


def test_a_name_like_no_other_suggests_nothing(triage: Path) -> None:
    assert promptkit("render", "triage/qqq.yaml").err == "error[PK113]: there is no file `triage/qqq.yaml`\n"


def test_a_template_on_stdin_that_is_too_large_is_refused(place: Path) -> None:
    ran = promptkit("render", "-", stdin=b"task: " + b"x" * 20_000_000)
    said = "error[PK113]: it is larger than the limit of 1,048,576 bytes\n--> <stdin>\n"
    assert (2, True) == (ran.code, ran.err.startswith(said))
    assert "PROMPTKIT_FILE_BYTES" in ran.err


def test_a_template_on_stdin_that_is_not_utf8_is_refused_at_its_place(place: Path) -> None:
    ran = promptkit("render", "-", stdin="task: Hi\nname: \xfc".encode("latin-1"))
    assert 2 == ran.code
    assert "error[PK101]: the file is not UTF-8\n --> <stdin>:2:7\n" in ran.err


# Inputs that cannot be used


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 3, "error[PK303]: the input `ticket` is missing\n--> triage/triage.yaml\n"),
        (["-p", "ticket=a", "-p", "prodct=b"], 3, "= did you mean `product`?\n"),
        (["-p", "ticket"], 2, "error: invalid value for -p: `ticket` is not NAME=VALUE\n"),
        (["-p", "=x"], 2, "error: invalid value for -p: `=x` is not NAME=VALUE\n"),
        (["-p", "ticket=@missing.txt"], 3, "error[PK113]: `missing.txt` cannot be read: No such file or directory\n"),
        (["-i", "missing.json"], 3, "error[PK113]: `missing.json` cannot be read: No such file or directory\n"),
        (["-i", "ticket=x"], 3, "`-i` takes a file; one value is given as `-p NAME=VALUE`\n"),
        (["-i", "triage"], 3, "error[PK113]: `triage` cannot be read: Is a directory\n"),
        (["-i", "x" * 300], 3, "File name too long\n"),
        (["-i", "bad.json"], 3, "error[PK306]: not valid JSON: expecting"),
        (["-i", "list.json"], 3, "error[PK306]: the inputs are not a mapping\n--> list.json\n"),
        (["-i", "latin.json"], 3, "error[PK101]: the inputs are not UTF-8 text\n--> latin.json\n"),
        (["-i", "empty.json"], 3, "error[PK306]: the inputs are empty\n--> empty.json\n"),
        (["-i", "deep.json"], 3, "error[PK306]: the inputs are nested too deeply\n--> deep.json\n"),
        (["-i", "typed.json"], 3, "error[PK306]: the input `ticket` does not fit\n--> triage/triage.yaml\n"),
    ],
)
def test_bad_inputs_are_told_with_their_code(arguments: list[str], code: int, said: str, triage: Path) -> None:
    (triage / "bad.json").write_text('{"ticket": oops}')
    (triage / "list.json").write_text("[1]")
    (triage / "latin.json").write_bytes(b'{"ticket": "\xfc"}')
    (triage / "empty.json").write_text(" \n")
    (triage / "deep.json").write_text("[" * 100_000)
    (triage / "typed.json").write_text('{"ticket": 7}')
    for verb in ("render", "run"):
        ran = promptkit(verb, TEMPLATE, *arguments)
        assert (code, "") == ran.said
        assert said in ran.err


def test_stdin_without_inputs_is_an_accident(triage: Path) -> None:
    ran = promptkit("render", TEMPLATE, "-i", "-")
    assert (3, "error[PK306]: the inputs are empty\n--> <stdin>\n") == (ran.code, ran.err.partition(" = ")[0])


def test_a_fault_in_json_is_shown_at_its_place(triage: Path) -> None:
    (triage / "bad.json").write_text('{\n  "ticket": oops\n}')
    err = promptkit("render", TEMPLATE, "-i", "bad.json").err
    assert ' --> bad.json:2:13\n  |\n2 |   "ticket": oops\n  |             ^\n' in err


def test_a_fault_of_the_template_names_the_file_as_it_was_typed(triage: Path) -> None:
    (triage / "triage/null.yaml").write_text("inputs: {a?: string}\ntask: x {{ a }}\n")
    ran = promptkit("render", "triage/null.yaml")
    assert 2 == ran.code
    assert "--> triage/null.yaml:2" in ran.err


# Where the result goes


def test_the_result_replaces_a_file_and_leaves_nothing_beside_it(triage: Path) -> None:
    (triage / "out").mkdir()
    (triage / "out/a.txt").write_text("old")
    (triage / "out/a.txt").chmod(0o640)
    ran = promptkit("render", TEMPLATE, "-i", INPUTS, "-o", "out/a.txt")
    assert (0, "") == ran.said
    assert (triage / "out/a.txt").read_text().startswith("system ---")
    assert [triage / "out/a.txt"] == list((triage / "out").iterdir())
    assert 0o640 == (triage / "out/a.txt").stat().st_mode & 0o777


def test_a_link_stays_a_link(triage: Path) -> None:
    (triage / "real.txt").touch()
    (triage / "link.txt").symlink_to("real.txt")
    promptkit("render", TEMPLATE, "-i", INPUTS, "-o", "link.txt")
    assert (triage / "link.txt").is_symlink()
    assert (triage / "real.txt").read_text().startswith("system ---")


def test_a_pipe_is_written_to_and_not_replaced(triage: Path) -> None:
    os.mkfifo("pipe")
    with subprocess.Popen(["cat", "pipe"], stdout=subprocess.PIPE) as reader:
        ran = promptkit("render", TEMPLATE, "-i", INPUTS, "-o", "pipe")
        if ran.code:
            reader.kill()  # it would wait for a writer for ever
        assert 0 == ran.code
        assert reader.stdout is not None
        assert reader.stdout.read().startswith(b"system ---")
    assert (triage / "pipe").is_fifo()


def test_a_disk_that_is_full_is_told_and_not_replaced(triage: Path, full: Path) -> None:
    ran = promptkit("render", TEMPLATE, "-i", INPUTS, "-o", full, "-q")
    assert (2, "") == ran.said
    assert ran.err == f"error[PK115]: the result cannot be written to `{full}`: No space left on device\n"
    assert full.is_char_device()


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("triage", "it is a folder"),
        ("nowhere/a.txt", "there is no folder `nowhere`"),
        ("x" * 300, "File name too long"),
    ],
)
def test_a_result_that_cannot_be_written_is_told(path: str, why: str, triage: Path) -> None:
    ran = promptkit("render", TEMPLATE, "-i", INPUTS, "-o", path, "-q")
    assert (2, "") == ran.said
    assert ran.err.startswith("error[PK115]: the result cannot be written to `")
    assert ran.err.endswith(f": {why}\n")


@pytest.mark.parametrize("arguments", [("--help",), ("explain",), ("render", TEMPLATE, "-i", INPUTS)])
def test_a_full_disk_under_stdout_is_told(arguments: tuple[str, ...], triage: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [*START, *arguments], stdout=full, stderr=subprocess.PIPE, env=environment(), text=True, check=False
        )
    assert 2 == ran.returncode
    assert 1 == ran.stderr.count("No space left on device")
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(("line", "code"), [("explain", 0), ("check bad.yaml -q", 1), ("--help", 0)])
def test_a_reader_that_has_gone_changes_no_code_and_is_no_news(line: str, code: int, place: Path) -> None:
    (place / "bad.yaml").write_text("foo: 1\n")
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as gone:
        ran = subprocess.run(
            [*START, *line.split()], stdout=gone, stderr=subprocess.PIPE, env=environment(), check=False
        )
    assert (code, b"") == (ran.returncode, ran.stderr)


def test_a_process_renders_as_this_one_does(triage: Path) -> None:
    assert promptkit("render", TEMPLATE, "-i", INPUTS) == process("render", TEMPLATE, "-i", INPUTS)


def test_an_input_that_is_given_twice_is_refused(triage: Path) -> None:
    ran = promptkit("render", TEMPLATE, "-p", "ticket=a", "-p", "ticket=b")
    assert (2, True) == (ran.code, "-p gives `ticket` twice" in ran.err)


def test_a_missing_input_is_told_with_the_options_that_give_it(triage: Path) -> None:
    assert "with -p NAME=VALUE, or from a JSON or YAML file with -i FILE" in promptkit("render", TEMPLATE).err
    assert "-p NAME=VALUE" not in promptkit("render", TEMPLATE, "-p", "tikcet=a", "-p", "ticket=b").err


def test_a_file_of_inputs_that_is_not_there_is_looked_for_by_a_near_name(triage: Path) -> None:
    assert "did you mean `triage/inputs.json`?" in promptkit("render", TEMPLATE, "-i", "triage/input.json").err


def test_a_text_that_is_no_array_is_told_how_one_is_written(place: Path) -> None:
    (place / "a.yaml").write_text("task: Do {{ known }}\ninputs: {known: [string]}\n")
    ran = promptkit("render", "a.yaml", "-p", "known=a,b")
    assert (3, True) == (ran.code, """write it as known='["a", "b"]'""" in ran.err)


def test_a_fault_in_a_file_of_inputs_is_told_without_its_line_where_one_is_secret(triage: Path) -> None:
    (triage / "p.yaml").write_text("task: Go.\ninputs: {pin: {type: string, secret: true}}\n")
    for name, text in (("in.json", '{"pin": "S3CR3T", }'), ("in.yaml", "pin: S3CR3T: bad")):
        (triage / name).write_text(text)
        ran = promptkit("render", "p.yaml", "-i", name)
        assert (3, False) == (ran.code, "S3CR3T" in ran.err)


def test_inputs_without_end_are_refused(triage: Path) -> None:
    ran = promptkit("render", TEMPLATE, "-i", "/dev/zero")
    assert (3, True) == (ran.code, "larger than the limit" in ran.err)
