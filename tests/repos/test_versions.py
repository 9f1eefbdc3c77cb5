"""Versions, ranges, URLs and references: what is read, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from promptkit.errors import RepoError
from promptkit.repos.git.urls import RepoUrl
from promptkit.repos.references import Reference, is_alias
from promptkit.repos.versions import Range, read_version

RANGES = {
    "^1.2": ("1.2.0 1.9.9 1.2.0+build", "1.1.9 2.0.0 1.3.0-rc.1 2.0.0-a"),
    "^0.2.3": ("0.2.3 0.2.9", "0.2.2 0.3.0"),
    "^0.0.3": ("0.0.3", "0.0.4 0.0.2"),
    "^0.0": ("0.0.0 0.0.9", "0.1.0"),
    "^0": ("0.0.0 0.9.0", "1.0.0"),
    "^1.2.0-rc.1": ("1.2.0-rc.2 1.2.0 1.3.0", "1.3.0-rc.1 1.2.0-rc.0"),
    "~1.2.3": ("1.2.3 1.2.9", "1.3.0 1.2.2"),
    "~1": ("1.0.0 1.9.0", "2.0.0"),
    "1.x": ("1.0.0 1.9.1", "2.0.0 0.9.0"),
    "1.2": ("1.2.0 1.2.5", "1.3.0"),
    "*": ("0.0.1 9.0.0", "1.0.0-a"),
    ">=1.0,<2": ("1.0.0 1.9.0", "2.0.0 0.9.0"),
    ">=1.0, <1.5.1": ("1.5.0", "1.5.1"),
    "<=1.2": ("1.2.9 0.1.0", "1.3.0"),
    "<=1.2.3": ("1.2.3", "1.2.4"),
    "<=1.2.3-rc.1": ("1.2.3-rc.1 1.2.2", "1.2.3 1.2.3-rc.2"),
    ">1.2": ("1.3.0", "1.2.9 1.2.0"),
    ">1.2.3": ("1.2.4", "1.2.3"),
    ">1.2.3-rc.1": ("1.2.3 1.2.3-rc.2", "1.2.3-rc.1"),
    "1.2.0": ("1.2.0", "1.2.1 1.2.0-rc.1"),
    "=1.2.0": ("1.2.0", "1.2.1"),
    "1.2.0-rc.1": ("1.2.0-rc.1", "1.2.0"),
}


@pytest.mark.parametrize("text", RANGES)
def test_a_range_holds_what_cargo_and_npm_mean_by_it(text: str) -> None:
    holds, holds_not = RANGES[text]
    found = Range.of(text)
    assert [] == [each for each in holds.split() if not found.holds(Version.parse(each))]
    assert [] == [each for each in holds_not.split() if found.holds(Version.parse(each))]


versions = st.builds(Version, *[st.integers(0, 30)] * 3)


@given(versions, versions)
def test_a_caret_range_holds_its_own_version_and_never_one_of_another_major(low: Version, other: Version) -> None:
    found = Range.of(f"^{low}")
    assert found.holds(low)
    if found.holds(other):
        assert low <= other
        numbers = [(each.major, each.minor, each.patch) for each in (low, other)]
        fixed = next((place for place, number in enumerate(numbers[0]) if number), 2) + 1
        assert numbers[0][:fixed] == numbers[1][:fixed]


@given(versions, versions)
def test_a_bound_holds_what_is_on_its_side(other: Version, bound: Version) -> None:
    for sign, holds in ((">=", other >= bound), (">", other > bound), ("<=", other <= bound), ("<", other < bound)):
        assert Range.of(f"{sign}{bound}").holds(other) == holds


@pytest.mark.parametrize("text", ["", "^", "a.b", ">=", "1..2", "^1.2 || ^2", "latest", "1.2.3.4", ",", "^1,"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(RepoError, match="PK602"):
        Range.of(text)


def test_a_commit_is_no_range() -> None:
    assert not Range.is_one("1234567")
    assert not Range.is_one("production")
    assert Range.is_one("1.2")
    assert read_version("v1.0.0") is None


GOOD_URLS = [
    *("https://github.com/a/b.git", "https://user@host.example/x/y", "https://host:8443/x", "ssh://git@host:22/x/y"),
    *("git@host:prompts.git", "host:team/prompts", "git@host:/abs/path", "ssh://host/~me/x", "/srv/git/prompts"),
]
BAD_URLS = [
    *("ext::sh -c touch% /tmp/x", "fd::17", "file:///etc", "git://host/x", "http://host/x", "ftp://host/x"),
    *("-oProxyCommand=x", "--upload-pack=x", "ssh://-oProxyCommand=x/y", "git@-oProxyCommand=x:y", "host:-x"),
    *("https://user:secret@host/x", "ssh://%2doProxyCommand=x/y", "../prompts", "a/b", "", " ", "https://host"),
    *("https://host/x y", "https://host/x\ny", "/a\nb", "https://host/;x", "host:x;y", "https://[::1", "h" * 2_000),
]


@pytest.mark.parametrize("text", GOOD_URLS)
def test_https_ssh_and_absolute_paths_are_urls(text: str) -> None:
    assert RepoUrl.of(text).text == text


@pytest.mark.parametrize("text", BAD_URLS)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(RepoError, match="PK601") as raised:
        RepoUrl.of(text)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "texts",
    [
        ("https://Host/a/b.git", "https://host/a/b", "https://host/a/b/", "https://me@host/a/b"),
        ("git@host:/a/b.git", "ssh://git@host/a/b", "host:/a/b", "ssh://host//a/b/"),
        ("git@host:a/b.git", "ssh://git@host/~/a/b", "git@host:~/a/b/"),
        ("git@host:~me/a", "ssh://host/~me/a.git"),
    ],
)
def test_spellings_of_one_place_have_one_key(texts: tuple[str, ...]) -> None:
    assert len({RepoUrl.of(text).key for text in texts}) == 1


def test_a_reference_is_read_in_its_parts() -> None:
    assert Reference.of("acme/support/triage@^1.2") == Reference("acme", "support/triage", "^1.2")
    assert str(Reference.of("acme/x@production")) == "acme/x@production"
    assert Reference.of("acme/x").wanted == ""


BAD_REFERENCES = [
    *("acme", "acme/", "/x", "acme/../x", "acme/-x", "ACME/x", "acme/x@", "acme/x@-x", "acme/x@a b\n", "acme//x"),
    *("acme/x@--upload-pack", "acme/x@{u}", "acme/x@a:b", "acme/x@a..b/c", "a\0b/x", "acme/.git/config", "-x/y"),
]


@pytest.mark.parametrize("text", BAD_REFERENCES)
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(RepoError, match="PK602"):
        Reference.of(text)


def test_a_path_from_home_is_not_the_same_path_from_the_top_nor_from_anothers_home() -> None:
    texts = ("git@host:a/b", "git@host:/a/b", "me@host:a/b", "ssh://git@host:22/a/b", "host:~me/a/b")
    assert len({RepoUrl.of(text).key for text in texts}) == len(texts)


@pytest.mark.parametrize("name", ["production", "v2-trial", "beta.1", "canary"])
def test_a_name_can_be_an_alias(name: str) -> None:
    assert is_alias(name)


@pytest.mark.parametrize(
    "name", ["^1.0", "1.1.0", "1", "*", "x", "v1.0.0", "HEAD", "deadbeef", "a" * 40, "", "a b", "-x"]
)
def test_what_could_be_a_version_a_range_or_a_commit_can_be_no_alias(name: str) -> None:
    assert not is_alias(name)
