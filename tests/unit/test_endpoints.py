"""Addresses of the mesh: what people write becomes one form, and what cannot be reached is refused with the forms that can."""

from __future__ import annotations

import pytest

from kioku_mesh import endpoints


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("10.0.0.1", "tcp/10.0.0.1:7447"),
        (" 10.0.0.1:7000 ", "tcp/10.0.0.1:7000"),
        ("tcp/10.0.0.1", "tcp/10.0.0.1:7447"),
        ("TLS/Hub.Example.org:443", "tls/hub.example.org:443"),
        ("desk", "tcp/desk:7447"),
        ("0.0.0.0:07447", "tcp/0.0.0.0:7447"),
        ("fd00::1", "tcp/[fd00::1]:7447"),
        ("[fd00::1]", "tcp/[fd00::1]:7447"),
        ("tls/[fd00::1]:1", "tls/[fd00::1]:1"),
        ("[::]:7447", "tcp/[::]:7447"),
        ("::ffff:10.0.0.1", "tcp/[::ffff:10.0.0.1]:7447"),
        ("1:2:3:4:5:6:7:8", "tcp/[1:2:3:4:5:6:7:8]:7447"),
    ],
)
def test_every_form_becomes_one(text: str, normal: str) -> None:
    """And the one form stays what it is."""
    assert endpoints.normal(text) == normal
    assert endpoints.normal(normal) == normal
    protocol, host, port = endpoints.parts(normal)
    assert endpoints.normal(f"{protocol}/[{host}]:{port}" if ":" in host else f"{protocol}/{host}:{port}") == normal


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "an address"),
        ("udp/10.0.0.1", "tcp and tls"),
        ("http://10.0.0.1", "tcp and tls"),
        ("10.0.0.1:", "a port"),
        ("10.0.0.1:0", "a port"),
        ("10.0.0.1:65536", "a port"),
        ("10.0.0.1:http", "a port"),
        ("10.0.0.1:７４４７", "a port"),
        ("10.0.0.256", "an address"),
        ("10.0.0", "an address"),
        ("7447", "an address"),
        ("a b", "an address"),
        ("-x", "an address"),
        ("x..y", "an address"),
        (":7447", "an address"),
        ("[fd00::1]7447x", "a port"),
        ("[10.0.0.1]:7447", "an address"),
        ("[fd00::1", "an address"),
        ("fe80::1%eth0", "IPv6"),
        ("1::2::3", "IPv6"),
        ("1:2:3:4:5:6:7", "IPv6"),
        ("1:2:3:4:5:6:7:8:9", "IPv6"),
        ("12345::", "IPv6"),
    ],
)
def test_what_is_no_address_is_told(text: str, what: str) -> None:
    """With what would be one."""
    with pytest.raises(ValueError, match=what) as error:
        endpoints.normal(text)
    assert "10.0.0.1:7447" in str(error.value)


def test_lists_are_separated_by_commas() -> None:
    """Each endpoint stands once, in the order given."""
    assert endpoints.several("10.0.0.2, 10.0.0.1,,tcp/10.0.0.2:7447") == ("tcp/10.0.0.2:7447", "tcp/10.0.0.1:7447")
    assert endpoints.several(" ") == ()
