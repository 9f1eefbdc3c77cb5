from __future__ import annotations

import sys
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptkit.redact import MASK, Redactor

KEY = "sk-0123456789"


def test_a_secret_is_masked_wherever_it_stands() -> None:
    assert f"a{MASK}b{MASK}" == Redactor([KEY]).text(f"a{KEY}b{KEY}")


@pytest.mark.parametrize("value", [None, 1, 2.5, True])
def test_what_is_no_text_stays(value: object) -> None:
    assert value == Redactor([KEY]).data(value)


def test_data_is_masked_in_keys_and_in_depth() -> None:
    data = {KEY: [{"a": KEY}, (KEY, 1)], 2: "x"}
    assert {MASK: [{"a": MASK}, [MASK, 1]], 2: "x"} == Redactor([KEY]).data(data)


def test_a_short_secret_would_tear_up_unrelated_text() -> None:
    assert "the cat" == Redactor(["cat"]).text("the cat")


def test_of_two_secrets_the_longer_is_masked_whole() -> None:
    assert MASK == Redactor([KEY, KEY + "-more"]).text(KEY + "-more")


def test_a_redactor_does_not_show_what_it_knows() -> None:
    assert "Redactor(1 secrets)" == repr(Redactor([KEY]))


@pytest.fixture
def _hasty_threads() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_hasty_threads")
def test_threads_lose_no_secret() -> None:
    redactor = Redactor()
    secrets = [f"secret-{n:04}" for n in range(2_000)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: redactor.add(*secrets[n : n + 100]), range(0, 2_000, 100)))
    assert MASK * 2_000 == redactor.text("".join(secrets))


SECRETS = st.text("abcdXYZ.*\\\n", min_size=4, max_size=12)


@given(st.lists(SECRETS, min_size=1, max_size=4), st.lists(st.text("abcdXYZ. ", max_size=8), max_size=6))
def test_no_secret_is_left(secrets: list[str], texts: list[str]) -> None:
    whole = secrets[0].join(["", *texts, ""])
    shown = Redactor(secrets).text(whole)
    assert not any(secret in shown.replace(MASK, "|") for secret in secrets)


KEY = "sk/S3CR3Tvalue9+0123456789"


@pytest.mark.parametrize("end", range(6, len(KEY)))
def test_a_secret_that_is_cut_off_is_masked_too(end: int) -> None:
    assert f"it begins: {MASK}" == Redactor([KEY]).text(f"it begins: {KEY[:end]}")


@pytest.mark.parametrize("spelt", [KEY, KEY.replace("/", "\\/")])
def test_a_secret_is_known_as_json_spells_it(spelt: str) -> None:
    assert f'{{"message": "{MASK}"}}' == Redactor([KEY]).text(f'{{"message": "{spelt}"}}')


@given(
    before=st.binary(max_size=9),
    secret=st.text("abcXYZ0189-_+/~", min_size=8, max_size=60),
    behind=st.binary(max_size=9),
    encode=st.sampled_from([b64encode, urlsafe_b64encode]),
)
def test_a_secret_in_base64_cannot_be_read_back(
    before: bytes, secret: str, behind: bytes, encode: Callable[[bytes], bytes]
) -> None:
    masked = Redactor([secret]).text(encode(before + secret.encode() + behind).decode())
    left, mask, right = masked.partition(MASK)
    assert MASK == mask
    assert len(left) * 6 <= (len(before) + 2) * 8  # no more of it than a character and a half on either side
    assert len(right.rstrip("=")) * 6 <= (len(behind) + 2) * 8


def test_a_few_letters_at_the_end_are_no_secret() -> None:
    assert "this is sk/S3" == Redactor([KEY]).text("this is sk/S3")
