"""Endpoints as data."""

from __future__ import annotations

import pytest

from promptkit.errors import ConfigError
from promptkit.models.endpoint import Endpoint, check_options
from promptkit.setting_table import normalise_base_url


@pytest.mark.parametrize(
    "url",
    [
        "https://host/v1",
        "https://host",
        "https://host/",
        "https://host/v1/",
        "https://host/v1/chat/completions",
        "https://host/v1/chat/completions/",
        "https://HOST/v1",
        " https://host/v1 ",
    ],
)
def test_what_people_paste_is_one_base_url(url: str) -> None:
    assert normalise_base_url(url) == "https://host/v1"


@pytest.mark.parametrize(("url", "expected"), [("http://[::1]:80/api", "http://[::1]:80/api")])
def test_another_path_is_kept(url: str, expected: str) -> None:
    assert expected == normalise_base_url(url)


@pytest.mark.parametrize(
    "url", ["", "host/v1", "ftp://host", "file:///etc/passwd", "https://", "https://host:port/v1", "https://[::1/v1"]
)
def test_what_is_no_base_url_is_refused_and_shown(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        normalise_base_url(url)
    assert f"`{url}`" in caught.value.message


def test_a_password_in_a_url_is_refused_and_not_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        normalise_base_url("https://me:hunter22@host/v1")
    assert "hunter22" not in str(caught.value)


def test_an_endpoint_does_not_show_its_key() -> None:
    assert "sk-mara-1" not in repr(Endpoint("https://host/v1", "sk-mara-1"))


def test_the_defaults_are_maras() -> None:
    endpoint = Endpoint("https://host/v1")
    assert (
        endpoint.name,
        endpoint.key_variable,
        endpoint.requires_key,
        endpoint.max_temperature,
    ) == ("MARA Cloud", "MARA_API_KEY", True, 1.0)


def test_options_are_judged_by_the_quirks_of_their_endpoint() -> None:
    options = {"temperature": 1.5, "seed": 3, "top_p": 7, "odd": 1}
    mara = check_options(options, Endpoint("https://host/v1"))
    other = check_options(options, Endpoint("https://host/v1", max_temperature=None, ignored_options=frozenset()))
    assert (tuple(map(len, mara)), tuple(map(len, other))) == ((2, 2), (1, 1))


def test_options_that_exclude_each_other_are_an_error() -> None:
    errors, _ = check_options({"max_tokens": 5, "max_completion_tokens": 5}, Endpoint("https://host/v1"))
    assert errors == ["`max_tokens` and `max_completion_tokens` exclude each other"]
