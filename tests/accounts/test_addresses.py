from __future__ import annotations

import pytest

from realtime.accounts.addresses import client_address, limit_key, parse_address, parse_networks

PROXIES = parse_networks(["10.0.0.0/8", "2001:db8:ffff::1"])


def real(peer: str | None, forwarded_for: str | None) -> str:
    return str(client_address(peer, forwarded_for, PROXIES))


def test_without_trusted_proxies_the_header_is_not_read() -> None:
    assert str(client_address("203.0.113.9", "198.51.100.1", ())) == "203.0.113.9"


def test_a_stranger_cannot_name_another_address() -> None:
    assert real("203.0.113.9", "198.51.100.1") == "203.0.113.9"


def test_the_address_a_trusted_proxy_saw_is_the_real_one() -> None:
    assert real("10.0.0.1", "198.51.100.1") == "198.51.100.1"


def test_what_a_client_wrote_itself_is_left_of_what_the_proxy_saw() -> None:
    assert real("10.0.0.1", "1.2.3.4, 198.51.100.1") == "198.51.100.1"


def test_a_chain_of_trusted_proxies_is_walked_from_the_right() -> None:
    assert real("2001:db8:ffff::1", "1.2.3.4, 198.51.100.1, 10.1.1.1") == "198.51.100.1"


def test_words_in_the_header_end_the_walk() -> None:
    assert real("10.0.0.1", "198.51.100.1, unknown") == "10.0.0.1"


def test_behind_a_unix_socket_the_proxy_is_believed() -> None:
    assert real(None, "198.51.100.1") == "198.51.100.1"
    assert client_address(None, "198.51.100.1", ()) is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("198.51.100.1:4711", "198.51.100.1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        (" 2001:db8::1 ", "2001:db8::1"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("", "None"),
        ("localhost", "None"),
        ("198.51.100.1.evil", "None"),
    ],
)
def test_an_address_is_read_as_proxies_write_it(text: str, address: str) -> None:
    assert str(parse_address(text)) == address


def test_one_household_is_one_key() -> None:
    one, two = parse_address("2001:db8:1:2::1"), parse_address("2001:db8:1:2:ffff::9")

    assert limit_key(one) == limit_key(two) == "2001:db8:1:2::/64"


def test_an_unknown_address_has_a_key_too() -> None:
    assert limit_key(None) == "unknown"
    assert limit_key(parse_address("198.51.100.1")) == "198.51.100.1"
