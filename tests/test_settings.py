from __future__ import annotations

import os
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from promptkit.errors import ConfigError
from promptkit.setting_table import SETTINGS
from promptkit.settings import Settings, describe, find_root, load_settings

if TYPE_CHECKING:
    from pathlib import Path

MARA = "https://bczfskny6zqw.poweredby.snova.ai/v1"


class Place:
    """A project folder, a user's config.toml and an environment, apart from the machine's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.folder.mkdir()
        self.config = folder / "config.toml"
        self.config.write_text("")

    def project(self, text: str) -> Place:
        (self.folder / "promptkit.toml").write_text(text, encoding="utf-8")
        return self

    def user(self, text: str) -> Place:
        self.config.write_text(text, encoding="utf-8")
        return self

    def load(self, environ: dict[str, str] | None = None, **overrides: object) -> Settings:
        return load_settings(self.folder, {"PROMPTKIT_CONFIG": str(self.config)} | (environ or {}), **overrides)

    def error(self, environ: dict[str, str] | None = None, **overrides: object) -> ConfigError:
        with pytest.raises(ConfigError) as caught:
            self.load(environ, **overrides)
        return caught.value


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_without_any_source_the_defaults_hold(place: Place) -> None:
    settings = place.load()
    assert ("MiniMax-M2.5", MARA, "", 4096, True) == (
        settings.model,
        settings.base_url,
        settings.api_key,
        settings.max_tokens,
        settings.log,
    )
    assert (120.0, 600.0, 60.0, 30.0) == (
        settings.attempt_timeout,
        settings.call_timeout,
        settings.first_byte_timeout,
        settings.gap_timeout,
    )
    assert {"default"} == set(settings.origins.values())


@pytest.mark.parametrize(
    ("sources", "value", "origin"),
    [
        ("u", "user", "{config}"),
        ("up", "project", "{project}"),
        ("upe", "environment", "environment MARA_MODEL"),
        ("upea", "argument", "argument"),
        ("ua", "argument", "argument"),
    ],
)
def test_the_strongest_source_wins_and_is_named(place: Place, sources: str, value: str, origin: str) -> None:
    if "u" in sources:
        place.user('model = "user"')
    if "p" in sources:
        place.project('model = "project"')
    environ = {"MARA_MODEL": "environment"} if "e" in sources else {}
    settings = place.load(environ, model="argument" if "a" in sources else None)
    assert value == settings.model
    known = origin.format(config=place.config, project=place.folder / "promptkit.toml")
    assert known == settings.origins["model"]


def test_an_empty_variable_counts_as_unset(place: Place) -> None:
    assert "default" == place.load({"MARA_MODEL": ""}).origins["model"]


def test_the_nearest_project_file_upwards_is_the_root(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    (inner / "c").mkdir(parents=True)
    (tmp_path / "promptkit.toml").touch()
    assert tmp_path == find_root(inner)
    (inner / "promptkit.toml").touch()
    assert inner == find_root(inner / "c")


def test_a_folder_without_project_file_has_no_root(tmp_path: Path) -> None:
    assert find_root(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", True), ("TRUE", True), ("yes", True), ("on", True), ("0", False), ("No", False), ("off", False)],
)
def test_switches_are_read_from_words(place: Place, text: str, value: bool) -> None:
    assert value is place.load({"PROMPTKIT_LOG": text}).log


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("PROMPTKIT_LOG", "maybe"),
        ("PROMPTKIT_MAX_TOKENS", "many"),
        ("PROMPTKIT_MAX_TOKENS", "0"),
        ("PROMPTKIT_CALL_TIMEOUT", "nan"),
        ("PROMPTKIT_CALL_TIMEOUT", "inf"),
        ("PROMPTKIT_CALL_TIMEOUT", "-1"),
        ("MARA_BASE_URL", "bczfskny6zqw"),
        ("MARA_BASE_URL", "ftp://host"),
        ("MARA_BASE_URL", "https://user:secret-word@host/v1"),
        ("MARA_BASE_URL", "https://host:99999999/v1"),
        ("MARA_BASE_URL", "https://[x/v1"),
        ("MARA_API_KEY", "secret-word and more"),
        ("MARA_API_KEY", "secret-word\nX-Other: header"),
    ],
)
def test_a_variable_that_does_not_fit_is_named_and_not_shown(place: Place, variable: str, text: str) -> None:
    error = place.error({variable: text})
    assert variable in error.message
    assert "secret-word" not in str(error)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('log = "yes"', "log"),
        ("model = 3", "model"),
        ('model = ""', "model"),
        ('max_tokens = "4096"', "max_tokens"),
        ("max_tokens = true", "max_tokens"),
        ("attempt_timeout = nan", "attempt_timeout"),
        ("cache_dir = 1", "cache_dir"),
        ("endpoints = 1", "endpoints"),
        ('[endpoints."https://h/v1"]\nkey = "K"', "endpoints"),
        ('[endpoints."https://h/v1"]\nkey_env = "not a name"', "endpoints"),
    ],
)
def test_a_wrong_type_names_file_and_key(place: Place, line: str, key: str) -> None:
    error = place.project(line).error()
    assert f"{place.folder / 'promptkit.toml'}:1:{2 if line.startswith('[') else 1}" == error.where
    assert f"`{key}` must be" in error.message


def test_an_unknown_key_gets_a_suggestion(place: Place) -> None:
    error = place.project('modle = "x"').error()
    assert "`modle` is not a setting" == error.message
    assert "did you mean `model`?" == error.help


def test_an_option_in_the_projects_file_is_told_where_it_stands(place: Place) -> None:
    error = place.project("# ours\nlog = true\ntemprature = 0.2").error()
    assert f"{place.folder / 'promptkit.toml'}:3:1" == error.where
    assert "`options: {temperature: ...}`" in error.help


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[tool.promptkit]\nmodel = "x"', "the settings stand at the top of this file"),
        ("[options]\ntemperature = 0.2", "options stand in each prompt"),
        ('[severity]\nPK203 = "off"', "[check.severity]"),
    ],
)
def test_a_table_of_other_files_is_told_where_it_stands(place: Place, text: str, said: str) -> None:
    assert said in place.project(text).error().help


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("= 1", "a key is missing before `=`"),
        ("a..b = 1", "a part of a dotted key is missing"),
        ("! x", "`!` begins no key"),
        ("model\n", "`model` has no value"),
        ("model = x", "a text stands in quotes"),
    ],
)
def test_what_is_no_toml_is_told_in_words(place: Place, text: str, said: str) -> None:
    assert f"the file is not TOML: {said}" == place.project(text).error().message


def test_an_unknown_argument_gets_a_suggestion(place: Place) -> None:
    assert "did you mean `base_url`?" == place.error(base_ulr="x").help


@pytest.mark.parametrize(
    ("text", "at"), [("model =\n", "1:8"), ("log = true\nlog = false\n", "2:12"), ("x = [\n", "2:1")]
)
def test_bad_toml_is_reported_with_line_and_column(place: Place, text: str, at: str) -> None:
    assert f"{place.folder / 'promptkit.toml'}:{at}" == place.project(text).error().where


@pytest.mark.parametrize(
    "content",
    [b"model = '\xff'", b"x = " + b"[" * 20_000, b"x = " + b"9" * 5000, b"#" * (2 << 20)],
    ids=["not UTF-8", "deep", "a huge number", "large"],
)
def test_a_hostile_file_is_a_config_error(place: Place, content: bytes) -> None:
    (place.folder / "promptkit.toml").write_bytes(content)
    assert str(place.folder) in place.error().where


def test_a_named_user_file_that_is_missing_is_an_error(place: Place) -> None:
    place.config.unlink()
    assert str(place.config) == place.error().where


def test_a_key_in_the_projects_file_is_refused_with_the_cure(place: Place) -> None:
    error = place.project('api_key = "secret-word"').error()
    assert "committed" in error.message
    assert "MARA_API_KEY" in error.help
    assert "secret-word" not in str(error)


def test_a_key_in_the_users_file_is_taken(place: Place) -> None:
    assert "secret-word" == place.user('api_key = "secret-word"').load().api_key


def test_tables_of_other_parts_are_passed_on(place: Place) -> None:
    settings = place.project('[repos.acme]\nurl = "https://host/acme"\n[prompts]\n"a/b" = "^1"').load()
    assert {"repos": {"acme": {"url": "https://host/acme"}}, "prompts": {"a/b": "^1"}} == settings.project
    assert place.folder == settings.root


def test_a_table_of_another_part_must_be_a_table(place: Place) -> None:
    assert "`repos` must be a table" == place.project("repos = 1").error().message


def test_paths_in_a_file_count_from_its_folder(place: Place) -> None:
    assert place.folder / "logs" / "a.db" == place.project('log_path = "logs/a.db"').load().log_path
    place.project("").user('cache_dir = "c"')
    assert place.config.parent / "c" == place.load().cache_dir


@pytest.mark.parametrize("path", ["../a.db", "/etc/a.db", "~/a.db", "link/a.db"])
def test_a_projects_paths_stay_inside_its_folder(place: Place, path: str) -> None:
    (place.folder / "link").symlink_to(place.folder.parent)
    assert "`log_path` leaves the project's folder" == place.project(f'log_path = "{path}"').error().message


@pytest.mark.parametrize(
    "pasted",
    [
        "https://Api.Host/v1",
        "https://api.host/v1/",
        "https://api.host/v1/chat/completions",
        " https://api.host/v1/chat/completions/ ",
        "https://api.host",
        "https://api.host/",
    ],
)
def test_a_pasted_url_is_cleaned(place: Place, pasted: str) -> None:
    assert "https://api.host/v1" == place.load({"MARA_BASE_URL": pasted}).base_url


def test_the_key_goes_to_the_configured_server_only(place: Place) -> None:
    settings = place.load({"MARA_API_KEY": "secret-word\n"})
    assert ("secret-word", "MARA_API_KEY") == settings.key_for(MARA)
    for other in ("https://other.host/v1", MARA.replace("https", "http"), MARA.replace("/v1", ":8443/v1")):
        assert ("", "") == settings.key_for(other)


def test_without_a_key_the_variable_is_still_named(place: Place) -> None:
    assert ("", "MARA_API_KEY") == place.load().key_for(MARA)


def test_an_endpoint_gets_the_key_that_its_variable_holds(place: Place) -> None:
    place.user('[endpoints."https://other.host/v1"]\nkey_env = "OTHER_KEY"')
    settings = place.load({"OTHER_KEY": "other-word", "MARA_API_KEY": "secret-word"})
    assert ("other-word", "OTHER_KEY") == settings.key_for("https://other.host/v1")
    assert ("secret-word", "other-word") == settings.secrets


def test_a_key_that_is_given_wins_over_the_endpoints_variable(place: Place) -> None:
    place.user('base_url = "https://other.host/v1"\n[endpoints."https://other.host/v1"]\nkey_env = "OTHER_KEY"')
    settings = place.load({"OTHER_KEY": "other-word"}, api_key="given-word")
    assert "given-word" == settings.key_for("https://other.host/v1")[0]


def test_an_endpoints_variable_that_holds_no_key_is_named(place: Place) -> None:
    error = place.user('[endpoints."https://other.host/v1"]\nkey_env = "OTHER_KEY"').error({"OTHER_KEY": "a b"})
    assert "OTHER_KEY" in error.message


def test_a_key_for_what_is_no_url_is_an_error_of_ours(place: Place) -> None:
    with pytest.raises(ConfigError, match="a base URL must be"):
        place.load().key_for("https://[x")


def test_a_projects_table_in_the_users_file_is_sent_where_it_belongs(place: Place) -> None:
    assert "`repos` belongs in a project's promptkit.toml" == place.user("[repos]").error().message


def test_a_home_that_nobody_has_is_an_error_of_ours(place: Place) -> None:
    assert "`log_path` is not a usable path" in place.user('log_path = "~nobody-at-all/x"').error().message


def test_the_platform_says_where_the_users_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert "default" == load_settings(tmp_path, {}).origins["model"]
    (tmp_path / "promptkit").mkdir()
    (tmp_path / "promptkit" / "config.toml").write_text('model = "user"')
    assert "user" == load_settings(tmp_path, {}).model


def test_a_name_too_long_for_the_system_has_no_root(tmp_path: Path) -> None:
    assert find_root(tmp_path / ("x" * 5000)) is None


def test_settings_load_where_the_working_folder_is_gone(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.folder)
    place.folder.rmdir()
    assert load_settings(None, {"PROMPTKIT_CONFIG": str(place.config)}).root is None


HOSTILE = 'base_url = "https://evil.host/v1"\n[endpoints."https://second.evil/v1"]\nkey_env = "OTHER_KEY"'
KEYS = {"MARA_API_KEY": "secret-word", "OTHER_KEY": "other-word"}


@pytest.mark.parametrize("url", ["https://evil.host/v1", "https://second.evil/v1"])
def test_a_server_that_only_the_project_names_gets_no_key(place: Place, url: str) -> None:
    settings = place.project(HOSTILE).load(KEYS)
    with pytest.raises(ConfigError, match="PROMPTKIT_TRUSTED_HOSTS=") as caught:
        settings.key_for(url)
    assert "-word" not in str(caught.value)


@pytest.mark.parametrize(
    "confirmed",
    [
        {"PROMPTKIT_TRUSTED_HOSTS": "other, evil.host"},
        {"MARA_BASE_URL": "https://evil.host"},
    ],
)
def test_a_user_can_confirm_a_projects_server(place: Place, confirmed: dict[str, str]) -> None:
    settings = place.project(HOSTILE).load(KEYS | confirmed)
    assert "secret-word" == settings.key_for("https://evil.host/v1")[0]


def test_a_project_cannot_confirm_itself(place: Place) -> None:
    assert "vouch" in place.project('trusted_hosts = ["evil.host"]').error().message


def test_a_project_cannot_send_another_key_to_a_known_server(place: Place) -> None:
    settings = place.project(f'[endpoints."{MARA}"]\nkey_env = "OTHER_KEY"').load(KEYS)
    with pytest.raises(ConfigError, match="OTHER_KEY"):
        settings.key_for(MARA)


def test_a_projects_server_on_this_machine_gets_the_key(place: Place) -> None:
    settings = place.project('base_url = "http://127.0.0.1:9/v1"').load(KEYS)
    assert "secret-word" == settings.key_for("http://127.0.0.1:9")[0]


def test_a_projects_server_without_any_key_is_used(place: Place) -> None:
    assert ("", "MARA_API_KEY") == place.project(HOSTILE).load().key_for("https://evil.host/v1")


def test_no_key_stands_in_the_repr_or_the_rows(place: Place) -> None:
    place.user('[endpoints."https://other.host/v1"]\nkey_env = "OTHER_KEY"')
    settings = place.load(KEYS)
    assert "-word" not in repr(settings) + repr(settings.rows())


def test_rows_tell_name_value_and_origin_of_every_setting(place: Place) -> None:
    rows = place.load(KEYS).rows()
    assert list(SETTINGS) == [row["name"] for row in rows]
    assert {"name": "api_key", "value": "set", "origin": "environment MARA_API_KEY"} == rows[2]


def test_describe_has_a_row_for_every_setting_and_a_meaning() -> None:
    assert list(SETTINGS) == [row["name"] for row in describe()]
    assert all(row["doc"].endswith(".") and row["kind"] for row in describe())


def test_settings_survive_pickling(place: Place) -> None:
    settings = place.project("[repos.a]\nurl = 'x'").load(KEYS)
    assert settings == pickle.loads(pickle.dumps(settings))


def test_the_module_is_cheap_to_import() -> None:
    code = "import sys, promptkit.settings; print([m for m in ('platformdirs', 'tomllib') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=True)
    assert "[]\n" == ran.stdout
