from __future__ import annotations

from typing import Literal

import pytest

from realtime.accounts.handshake import (
    Headers,
    bearer_token,
    clean_origin,
    origin_allowed,
    own_origin,
    read_credentials,
)

HERE = "https://kind.example"


def read(headers: Headers, subprotocols: tuple[str, ...] = ()) -> tuple[str | None, str | None]:
    credentials = read_credentials(headers, subprotocols, session_cookie="sessionid")
    return credentials.session_key, credentials.token


def test_the_session_is_read_from_among_other_cookies() -> None:
    assert read([(b"cookie", b"a=1; sessionid=abc; b=2")]) == ("abc", None)


def test_cookies_may_come_in_several_headers() -> None:
    assert read([(b"cookie", b"a=1"), (b"cookie", b"sessionid=abc")]) == ("abc", None)


def test_an_empty_session_cookie_is_none() -> None:
    assert read([(b"cookie", b"sessionid=")]) == (None, None)


def test_a_token_is_read_from_the_authorization_header() -> None:
    assert read([(b"Authorization", b"Bearer t0ken")]) == (None, "t0ken")


def test_a_token_is_read_from_the_subprotocols() -> None:
    assert read([], ("kindline.v1", "bearer.t0ken")) == (None, "t0ken")


def test_the_header_wins_over_the_subprotocol() -> None:
    assert read([(b"authorization", b"bearer one")], ("bearer.two",)) == (None, "one")


def test_only_the_protocol_is_echoed_never_the_token() -> None:
    shown = read_credentials([], ("bearer.t0ken", "kindline.v1"), session_cookie="s")

    assert shown.subprotocol == "kindline.v1"


def test_nothing_is_echoed_to_a_client_that_offers_only_a_token() -> None:
    assert read_credentials([], ("bearer.t0ken",), session_cookie="s").subprotocol is None


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (None, None),
        ("Basic abc", None),
        ("Bearer", ""),
        ("Bearer   ", ""),
        ("BEARER  abc ", "abc"),
    ],
)
def test_only_a_bearer_header_holds_a_token(header: str | None, token: str | None) -> None:
    assert bearer_token(header) == token


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://Kind.Example", "https://kind.example"),
        ("HTTPS://kind.example:443", "https://kind.example"),
        ("http://kind.example:80", "http://kind.example"),
        ("http://kind.example:8080", "http://kind.example:8080"),
        ("http://kind.example:443", "http://kind.example:443"),
        ("http://[0:0:0:0:0:0:0:1]:8000", "http://[::1]:8000"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ],
)
def test_an_origin_has_one_spelling(text: str, origin: str) -> None:
    assert clean_origin(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "null",
        "kind.example",
        "//kind.example",
        "ftp://kind.example",
        "file://",
        "https://",
        "https://kind.example/",
        "https://kind.example?x",
        "https://kind.example#x",
        "https://me@kind.example",
        "https://kind.example@evil.example",
        "https://kind.example:443@evil.example",
        "https://kind.example\\.evil.example",
        "https://kind.example:",
        "https://kind.example:0",
        "https://kind.example:65536",
        "https://kind.example:٤٤٣",
        "https://k\u0131nd.example",
        "https://[::1",
        "https://[::1%25eth0]",
        "https://[12345::]",
        "https://kind.example https://kind.example",
        "https://kind.example, https://kind.example",
        " https://kind.example",
        "https://kind.example\n",
        "https://*.kind.example",
    ],
)
def test_what_no_browser_writes_is_no_origin(text: str | None) -> None:
    assert clean_origin(text) is None


@pytest.mark.parametrize(
    ("scheme", "host", "origin"),
    [
        ("ws", "kind.example", "http://kind.example"),
        ("wss", "kind.example:443", "https://kind.example"),
        ("https", "KIND.example:8443", "https://kind.example:8443"),
        ("ws", "[::1]:8000", "http://[::1]:8000"),
        ("ws", "evil.example", None),
        ("ws", "kind.example.evil.example", None),
        ("ws", "evil.example@kind.example", None),
        ("ws", None, None),
        ("gopher", "kind.example", None),
    ],
)
def test_our_own_origin_needs_a_host_of_ours(
    scheme: str, host: str | None, origin: str | None
) -> None:
    assert own_origin(scheme=scheme, host=host, allowed_hosts=["kind.example", "[::1]"]) == origin


def allowed(
    origin: str | None, method: Literal["cookie", "token"], *, token_origins: tuple[str, ...] = ()
) -> bool:
    return origin_allowed(
        origin,
        method=method,
        own=HERE,
        site_origins=["https://partner.example:8443"],
        token_origins=token_origins,
    )


@pytest.mark.parametrize("origin", [HERE, "https://KIND.example:443"])
def test_a_cookie_counts_from_our_own_pages(origin: str) -> None:
    assert allowed(origin, "cookie")


def test_a_cookie_counts_from_an_allowed_site() -> None:
    assert allowed("https://partner.example:8443", "cookie")


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "http://kind.example",
        "https://kind.example:8443",
        "https://partner.example",
        "https://evil.example",
        "https://kind.example.evil.example",
        "https://sub.kind.example",
        "https://kind.example, https://evil.example",
    ],
)
def test_a_cookie_counts_from_nowhere_else(origin: str | None) -> None:
    assert not allowed(origin, "cookie")


def test_two_origin_headers_match_nothing() -> None:
    headers = [(b"origin", HERE.encode()), (b"origin", HERE.encode())]

    credentials = read_credentials(headers, session_cookie="sessionid")

    assert not allowed(credentials.origin, "cookie")


def test_a_token_needs_no_origin() -> None:
    assert allowed(None, "token")
    assert allowed(None, "token", token_origins=("https://app.example",))


@pytest.mark.parametrize("origin", [HERE, "https://partner.example:8443"])
def test_a_token_without_origins_of_its_own_takes_those_of_the_site(origin: str) -> None:
    assert allowed(origin, "token")
    assert not allowed("https://evil.example", "token")


def test_a_token_with_origins_takes_only_those() -> None:
    assert allowed("https://app.example", "token", token_origins=("https://App.example:443",))
    assert not allowed(HERE, "token", token_origins=("https://app.example",))


def test_a_null_origin_matches_no_rule_even_when_written_into_one() -> None:
    assert not allowed("null", "token", token_origins=("null",))


def test_a_page_whose_host_is_not_ours_is_no_page_of_ours() -> None:
    assert not origin_allowed("http://evil.example", method="cookie", own=None)
