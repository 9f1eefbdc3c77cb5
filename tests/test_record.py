from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pydantic
import pytest
from raw_server import wait_until

from promptkit.completion import Completion, Request, Usage
from promptkit.errors import ConfigError, OutputError, RateLimited
from promptkit.logfile import FORMAT, id_text, new_id
from promptkit.messages import Message, ToolCall
from promptkit.record import Entry, Record, RunLog, entry_from
from promptkit.redact import Redactor
from promptkit.result import Attempt, Rendered, Step, Violation

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "sk-0123456789"
PRIVATE = "a private word"


def attempt(text: str = '{"team": "biling"}', **parts: Any) -> Attempt:
    request = Request(
        "m-1",
        (Message("system", "You route."), Message("user", f"Route {PRIVATE}.")),
        {"temperature": 0, "stop": [PRIVATE]},
    )
    return Attempt(request, Completion(text, "thinking", usage=Usage(10, 5, 2, 1, 1), model="m-1", id="c-1"), **parts)


def entry(prompt: str = "support/triage", **parts: Any) -> Entry:
    return entry_from(**({"prompt": prompt, "model": "m-1", "attempts": (attempt(),), "output": {"team": "a"}} | parts))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "log.db"


def test_a_run_comes_back_as_it_was_written(path: Path) -> None:
    made = (
        attempt(violations=(Violation("$.team", "not one of a, b", "enum"),), steps=(Step("fence", "taken off"),)),
        attempt("{}", error="late", seconds=1.5),
    )
    rendered = Rendered((Message("user", "x"),))
    written = entry(
        version="1.2.0",
        prompt_digest="d",
        rendered=rendered,
        attempts=made,
        inputs={"ticket": "ü"},
        confidence="reasked",
        cost=0.25,
        seconds=2.5,
    )
    with RunLog(path) as log:
        record = log.get(log.append(written))
    assert {"id": record.id} | {n: getattr(written, n) for n in Entry.__slots__} == {
        n: getattr(record, n) for n in ("id", *Entry.__slots__)
    }
    assert Usage(20, 10, 4, 2, 2) == record.usage
    assert rendered.digest == record.rendered_digest
    assert {"name": "fence", "detail": "taken off", "repairs": False} == record.attempts[0]["steps"][0]
    assert ("late", 1.5) == (record.attempts[1]["error"], record.attempts[1]["seconds"])


def test_a_failed_run_has_its_error_for_a_status_and_the_errors_attempts(path: Path) -> None:
    error = OutputError("no answer fits", attempts=(attempt(),))
    with RunLog(path) as log:
        record = log.get(log.append(entry(attempts=(), output=None, error=error)))
    assert ("OutputError", "PK402: no answer fits", 1) == (record.status, record.error, len(record.attempts))


def test_a_record_is_json_data(path: Path) -> None:
    with RunLog(path) as log:
        record = log.get(log.append(entry()))
    assert record.to_dict() == json.loads(json.dumps(record.to_dict()))


def test_ids_sort_by_time_and_have_26_letters() -> None:
    numbers = [new_id()]
    for _ in range(1000):
        numbers.append(new_id(numbers[-1]))
    ids = [id_text(number) for number in numbers]
    assert sorted(set(ids)) == ids
    assert {26} == set(map(len, ids))
    assert set("".join(ids)) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def test_an_id_never_goes_back_when_the_clock_does() -> None:
    future = new_id() + (3_600_000 << 80)
    assert new_id(future) > future


def test_the_newest_run_is_listed_first(path: Path) -> None:
    with RunLog(path) as log:
        ids = [log.append(entry(f"p/{number}")) for number in range(5)]
        assert ids[:1:-1] == [record.id for record in log.list(3)]


def test_runs_are_listed_by_prompt_and_status(path: Path) -> None:
    with RunLog(path) as log:
        log.append(entry("a"))
        log.append(entry("b", error=RateLimited("slow down")))
        log.append(entry("b", error=OutputError("no")))
        assert ["OutputError", "RateLimited"] == [record.status for record in log.list(9, prompt="b")]
        assert ["RateLimited"] == [record.status for record in log.list(9, status="RateLimited")]
        assert ["b", "b"] == [record.prompt for record in log.list(9, status="error")]
        assert ["a"] == [record.prompt for record in log.list(9, status="ok")]


def test_a_log_that_is_not_there_is_empty_and_stays_away(path: Path) -> None:
    assert [] == RunLog(path).list()
    assert not path.parent.exists()


def test_a_prefix_in_any_case_finds_its_run(path: Path) -> None:
    with RunLog(path) as log:
        name = log.append(entry())
        assert name == log.get(name[:10].lower()).id == log.get(name).id


def test_an_ambiguous_prefix_names_the_runs(path: Path) -> None:
    with RunLog(path) as log:
        ids = [log.append(entry()) for _ in range(2)]
        with pytest.raises(ConfigError, match="several runs") as caught:
            log.get(ids[0][:4])
    assert all(any(name in line for line in caught.value.details) for name in ids)


@pytest.mark.parametrize("name", ["", "  ", "ZZ", "%", "'; drop table runs", "\ud800", "ü"])
def test_an_unknown_id_says_where_to_look(path: Path, name: str) -> None:
    with RunLog(path) as log:
        log.append(entry())
        with pytest.raises(ConfigError, match="promptkit log list"):
            log.get(name)


def test_the_file_and_its_folder_are_the_users_alone(path: Path) -> None:
    before = os.umask(0)
    try:
        with RunLog(path) as log:
            log.append(entry())
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert {"log.db": 0o600, "log.db-wal": 0o600, "log.db-shm": 0o600} == modes
    assert 0o700 == stat.S_IMODE(path.parent.stat().st_mode)


def everything(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def secretive() -> Entry:
    calls = (ToolCall("1", "look", json.dumps({"key": SECRET})),)
    request = Request("m", (Message("user", SECRET), Message("assistant", None, calls)), {"user": SECRET})
    made = Attempt(
        request, Completion(SECRET, SECRET, calls), (Violation("$", SECRET),), (Step("s", SECRET),), error=SECRET
    )
    return entry(
        SECRET,
        model=SECRET,
        attempts=(made,),
        output={SECRET: [SECRET]},
        inputs={"a": SECRET},
        error=OutputError(SECRET),
    )


def test_no_secret_reaches_the_file(path: Path) -> None:
    with RunLog(path, redactor=Redactor([SECRET])) as log:
        log.append(secretive())
        assert b"[redacted]" in everything(path)
        assert SECRET.encode() not in everything(path)


def test_without_a_redactor_the_same_run_does_hold_it(path: Path) -> None:
    with RunLog(path) as log:
        log.append(secretive())
        assert SECRET.encode() in everything(path)


def test_without_content_no_text_is_kept_but_sizes_and_sums_are(path: Path) -> None:
    told = attempt(
        PRIVATE, violations=(Violation("$.x", PRIVATE, "enum"),), steps=(Step("fence", PRIVATE),), error=PRIVATE
    )
    with RunLog(path, content=False) as log:
        name = log.append(
            entry(attempts=(told,), output={PRIVATE: 1}, inputs={"ticket": PRIVATE}, error=OutputError(PRIVATE))
        )
        assert PRIVATE.encode() not in everything(path)
        record = log.get(name)
    answer = record.attempts[0]["completion"]["text"]
    assert len(PRIVATE) == answer["chars"]
    assert 64 == len(answer["sha256"])
    assert "enum" == record.attempts[0]["violations"][0]["keyword"]
    assert ("OutputError", 15, 0) == (
        record.status,
        record.usage.total_tokens,
        record.attempts[0]["request"]["temperature"],
    )


@pytest.mark.parametrize("odd", ["\ud800", "nul\0", float("nan"), 10**30, {1: {2}}, object, dict, Entry, b"bytes"])
def test_odd_values_do_not_break_the_log(path: Path, odd: Any) -> None:
    with RunLog(path) as log:
        assert log.get(log.append(entry(output=odd, inputs={"x": odd}, attempts=(attempt(str(odd)),)))).prompt


def test_typed_outputs_are_kept_as_data(path: Path) -> None:
    class Triage(pydantic.BaseModel):
        team: str

    with RunLog(path) as log:
        assert {"team": "a"} == log.get(log.append(entry(output=Triage(team="a")))).output
        name = log.append(entry(output=Step("s", "d")))
        assert {"name": "s", "detail": "d", "repairs": False, "offset": None, "changed": 0} == log.get(name).output


def test_a_count_beyond_64_bits_does_not_break_the_log(path: Path) -> None:
    made = Attempt(attempt().request, Completion("", usage=Usage(prompt_tokens=10**30)))
    with RunLog(path) as log:
        assert 2**63 - 1 == log.get(log.append(entry(attempts=(made,)))).usage.prompt_tokens


def test_an_output_nested_too_deeply_is_left_out(path: Path) -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with RunLog(path) as log:
        assert {"left out": "nested too deeply"} == log.get(log.append(entry(output=deep))).output


def test_a_number_too_long_to_write_costs_the_data_only(path: Path) -> None:
    with RunLog(path) as log:
        record = log.get(log.append(entry(output=10**5000)))
    assert (None, [], 15) == (record.output, record.attempts, record.usage.total_tokens)


def refusal(log: RunLog) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        log.append(entry())
    assert str(log.path) == caught.value.where
    assert "PROMPTKIT_LOG_PATH" in caught.value.help
    return caught.value


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"notes " * 1000)
    assert "the file is not a log" == refusal(RunLog(path)).message
    assert b"notes " * 1000 == path.read_bytes()


@pytest.mark.parametrize("statement", ["CREATE TABLE notes (x)", f"PRAGMA user_version = {FORMAT}"])
def test_another_programs_database_is_refused_and_left_alone(path: Path, statement: str) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()
    before = path.read_bytes()
    assert "the file is a database of another program" == refusal(RunLog(path)).message
    assert before == path.read_bytes()


def test_a_newer_format_is_refused_by_its_number(path: Path) -> None:
    with RunLog(path) as log:
        log.append(entry())
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 7")
    connection.close()
    error = refusal(RunLog(path))
    assert f"its format is 7, this one knows {FORMAT}" in error.message
    assert "--upgrade" in error.help


def test_a_damaged_log_is_an_error_of_ours(path: Path) -> None:
    with RunLog(path) as log:
        log.append(entry())
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE runs RENAME TO gone")
    connection.commit()
    connection.close()
    assert "no such table" in refusal(RunLog(path)).message


def test_a_folder_that_cannot_be_made_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be opened" in refusal(RunLog(tmp_path / "file" / "log.db")).message


def test_a_folder_in_place_of_the_file_is_an_error_of_ours(tmp_path: Path) -> None:
    assert "cannot be opened" in refusal(RunLog(tmp_path)).message


READ_ONLY = """
import os, sys
from pathlib import Path
import promptkit.record, promptkit.redact, sqlite3, datetime
from promptkit.record import RunLog, entry_from
from promptkit.errors import ConfigError
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    RunLog(Path(sys.argv[1])).append(entry_from(prompt="p"))
except ConfigError as error:
    print(error.message)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_a_read_only_folder_is_a_clear_error() -> None:
    # Not under tmp_path: the process drops its rights, and must still reach the folder.
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        assert "the log cannot be opened: Permission denied\n" == child(READ_ONLY, str(Path(folder) / "log.db"))


def child(code: str, *arguments: str) -> str:
    ran = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert "" == ran.stderr
    return ran.stdout


WRITER = """
import sys
from pathlib import Path
from promptkit.record import RunLog, entry_from
log = RunLog(Path(sys.argv[1]))
sys.stdin.readline()
for number in range(50):
    print(log.append(entry_from(prompt=sys.argv[2], inputs={"n": number})), flush=True)
"""


OPENER = """
import sys, time
from pathlib import Path
from promptkit.record import RunLog, entry_from
end = time.monotonic() + 60
print(flush=True)
for number in range(20):
    while not Path(sys.argv[1], f"go{number}").exists():
        assert time.monotonic() < end
    RunLog(Path(sys.argv[1], f"{number}.db")).append(entry_from(prompt="p"))
"""


def test_processes_that_make_one_log_at_the_same_moment_all_get_it(tmp_path: Path) -> None:
    openers = [
        subprocess.Popen([sys.executable, "-c", OPENER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for opener in openers:
        assert opener.stdout
        opener.stdout.readline()
    for number in range(20):
        (tmp_path / f"go{number}").touch()
        made = [tmp_path / f"{number}.db"]
        wait_until(lambda made=made: made[0].exists() or any(opener.poll() for opener in openers))
    for opener in openers:
        opener.communicate(timeout=60)
    assert [0] * 4 == [opener.returncode for opener in openers]
    for number in range(20):
        with RunLog(tmp_path / f"{number}.db") as log:
            assert 4 == len(log.list(10))


def test_processes_that_write_at_once_lose_nothing(path: Path) -> None:
    arguments = [sys.executable, "-c", WRITER, str(path)]
    writers = [
        subprocess.Popen([*arguments, f"p/{n}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for n in range(4)
    ]
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("\n")
        writer.stdin.flush()
    said = [writer.communicate()[0].split() for writer in writers]
    assert [0] * 4 == [writer.returncode for writer in writers]
    with RunLog(path) as log:
        records = log.list(1000)
    assert sorted(name for names in said for name in names) == sorted(record.id for record in records)
    for n, names in enumerate(said):
        assert names == sorted(names)
        assert list(range(50)) == [r.inputs["n"] for r in reversed(records) if r.prompt == f"p/{n}"]


def test_a_killed_writer_leaves_whole_rows(path: Path) -> None:
    endless = WRITER.replace("range(50)", "range(10**9)")
    writer = subprocess.Popen(
        [sys.executable, "-c", endless, str(path), "p"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdin
    assert writer.stdout
    writer.stdin.write("\n")
    writer.stdin.flush()
    told = [writer.stdout.readline().strip() for _ in range(20)]
    writer.kill()
    told += writer.communicate()[0].split()[:-1]
    with RunLog(path) as log:
        kept = {record.id for record in log.list(10**6)}
    assert set(told) <= kept


def test_threads_share_a_log(path: Path) -> None:
    with RunLog(path) as log:
        threads = [
            threading.Thread(target=lambda: [log.append(entry(attempts=())) for _ in range(25)]) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert 100 == len(log.list(1000))


FORKING = """
import os, signal, sys
from pathlib import Path
from promptkit.record import RunLog, entry_from
log = RunLog(Path(sys.argv[1]))
log.append(entry_from(prompt="before"))
children = []
log._file._held.lock.acquire()  # as when another thread writes at this moment
for number in range(4):
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)
        for _ in range(20):
            log.append(entry_from(prompt="child"))
        log.close()
        os._exit(0)
    children.append(pid)
log._file._held.lock.release()
for _ in range(20):
    log.append(entry_from(prompt="parent"))
codes = [os.waitpid(pid, 0)[1] for pid in children]
log.append(entry_from(prompt="after"))
print(codes, len(log.list(1000)), len({record.id for record in log.list(1000)}))
log.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_a_log_survives_forks(path: Path) -> None:
    assert "[0, 0, 0, 0] 102 102\n" == child(FORKING, str(path))


def test_a_writer_waits_while_another_makes_the_file(path: Path) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.3, lambda: other.execute("ROLLBACK"))
    timer.start()
    with RunLog(path) as log:
        log.append(entry())
        assert 1 == len(log.list())
    timer.join()
    other.close()


def test_a_closed_log_opens_again(path: Path) -> None:
    log = RunLog(path)
    log.append(entry())
    log.close()
    assert 2 == len([log.append(entry()), *log.list()][1:])
    log.close()


def test_a_record_is_an_entry_with_an_id() -> None:
    assert issubclass(Record, Entry)
