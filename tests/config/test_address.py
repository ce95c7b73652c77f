"""The address of `listen` is one that can be listened on."""

from __future__ import annotations

import pytest

from dynamic_dynamodb.config.address import Address
from dynamic_dynamodb.errors import ConfigurationError
from tests.builders import load_flags


@pytest.mark.parametrize(
    ("text", "host", "port", "is_local"),
    [
        pytest.param("127.0.0.1:9109", "127.0.0.1", 9109, True, id="loopback"),
        pytest.param("[::1]:1", "::1", 1, True, id="loopback of IPv6"),
        pytest.param("localhost:65535", "localhost", 65_535, True, id="localhost"),
        pytest.param("0.0.0.0:80", "0.0.0.0", 80, False, id="every address"),  # noqa: S104 - as text
        pytest.param("[::]:80", "::", 80, False, id="every address of IPv6"),
        pytest.param("scaling-1.example:9109", "scaling-1.example", 9109, False, id="a name"),
    ],
)
def test_an_address_has_a_host_and_a_port(text: str, host: str, port: int, *, is_local: bool) -> None:
    address = Address(text)
    assert (address, address.host, address.port, address.is_local) == (text, host, port, is_local)


@pytest.mark.parametrize(
    "text",
    [
        *("9109", ":9109", "localhost", "localhost:", "localhost:0", "127.0.0.1:65536", "127.0.0.1:-1"),
        *("::1:9109", "[::1]", "[127.0.0.1]x:9", "300.1.1.1:9109", "1.2.3:80", "*:9109"),
        *("http://localhost:9109", "a b:80", "-x:80", "127.0.0.1:\u0669", "[]:80"),
    ],
)
def test_other_texts_are_faults_with_a_good_example(text: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load_flags(table_name="^a$", listen=text)
    (fault,) = raised.value.faults
    assert "must be an address and a port such as 127.0.0.1:9109 or [::1]:9109" in fault


def test_listening_beyond_this_machine_is_warned_of() -> None:
    (warning,) = [
        one
        for one in load_flags(table_name="^a$", max_provisioned_reads="9", listen="0.0.0.0:9109").warnings
        if "listen" in one
    ]
    assert "there is no password" in warning
