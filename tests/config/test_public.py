from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.public import PublicUrl, read_public_url, refuse_endless_redirect


def read(text: str) -> PublicUrl:
    url = read_public_url(text)
    assert url is not None
    return url


@pytest.mark.parametrize(
    ("text", "host", "origin"),
    [
        ("https://kindline.example", "kindline.example", "https://kindline.example"),
        ("HTTPS://Kindline.Example:443/", "kindline.example", "https://kindline.example"),
        ("https://kindline.example:8443", "kindline.example", "https://kindline.example:8443"),
        ("https://[2001:DB8::0:1]", "[2001:db8::1]", "https://[2001:db8::1]"),
    ],
)
def test_the_host_and_the_origin_are_spelled_as_browsers_do(
    text: str, host: str, origin: str
) -> None:
    url = read(text)

    assert (url.host, url.origin) == (host, origin)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_this_machine_answers_to_all_its_names_without_https(host: str) -> None:
    url = read(f"http://{host}:8000")

    assert (url.loopback, url.https) == (True, False)
    assert url.hosts == ["localhost", "127.0.0.1", "[::1]"]


def test_another_name_is_the_only_one_answered_to() -> None:
    url = read("https://kindline.example")

    assert (url.loopback, url.https, url.hosts) == (False, True, ["kindline.example"])


def test_blank_means_not_given() -> None:
    assert read_public_url("") is None


@pytest.mark.parametrize(
    "text",
    [
        "kindline.example",
        "ftp://kindline.example",
        "https://",
        "https://*",
        "https://*.kindline.example",
        "https://kind line.example",
        "https://joe:pw@kindline.example",
        "https://kindline.example:0",
        "https://kindline.example:99999",
        "https://[::1",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(
        ImproperlyConfigured, match=r"^PUBLIC_URL=.*say https://kindline\.example$"
    ):
        read_public_url(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://joe:hidden@kindline.example",
        "https://joe:hid/hidden@kindline.example/chat",
        "https://joe:hid@hidden@kindline.example",
        "joe:hidden@kindline.example",
    ],
)
def test_a_refused_address_keeps_its_password(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"\*\*\*@kindline\.example") as refused:
        read_public_url(text)

    assert not any(word in str(refused.value) for word in ("joe", "hid"))


@pytest.mark.parametrize("tail", ["/chat", "/?a=1", "/#top"])
def test_an_address_below_the_root_is_refused(tail: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="without a path"):
        read_public_url(f"https://kindline.example{tail}")


@pytest.mark.parametrize("host", ["kindline.example", "192.168.1.2", "0.0.0.0"])  # noqa: S104 - refused
def test_http_is_refused_for_all_but_this_machine(host: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="needs https"):
        read_public_url(f"http://{host}")


def test_a_redirect_that_would_never_end_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXIES is not set"):
        refuse_endless_redirect([])


def test_a_redirect_behind_a_named_proxy_passes() -> None:
    refuse_endless_redirect(["10.0.0.1"])
