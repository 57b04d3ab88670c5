"""Which address a request really comes from, when proxies stand in front."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

UNKNOWN = "unknown"


def parse_networks(entries: Iterable[str]) -> tuple[Network, ...]:
    """Addresses or networks as networks; raises ValueError that names the wrong one."""
    return tuple(ipaddress.ip_network(entry, strict=False) for entry in entries)


def parse_address(text: str | None) -> Address | None:
    """An address as proxies write it: bare, with a port, or in brackets."""
    bare = (text or "").strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def client_address(
    peer: str | None, forwarded_for: str | None, trusted: Sequence[Network]
) -> Address | None:
    """The rightmost address that is no trusted proxy: what stands left of it anybody may write.

    No peer means a Unix socket, which only the proxy in front can open.
    """
    address = parse_address(peer)
    hops = (forwarded_for or "").split(",") if trusted else []
    while hops and (address is None or is_trusted(address, trusted)):
        hop = parse_address(hops.pop())
        if hop is None:
            break
        address = hop
    return address


def comes_by_proxy(peer: str | None, trusted: Sequence[Network]) -> bool:
    """Whether a trusted proxy sent this itself; a Unix socket (no peer) only it can open."""
    address = parse_address(peer)
    return bool(trusted) and (address is None or is_trusted(address, trusted))


def is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)


def limit_key(address: Address | None) -> str:
    """What one household or server is counted by: an IPv6 /64 is one, however many it uses."""
    if address is None:
        return UNKNOWN
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
