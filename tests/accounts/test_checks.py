from __future__ import annotations

from pytest_django import Settings

from realtime.accounts.checks import check_door


def test_sound_settings_pass(settings: Settings) -> None:
    settings.ALLOWED_ORIGINS = ["https://kind.example"]
    settings.TRUSTED_PROXIES = ["10.0.0.0/8", "::1"]

    assert check_door() == []


def test_an_origin_that_could_never_match_is_an_error(settings: Settings) -> None:
    settings.ALLOWED_ORIGINS = ["https://*.kind.example", "https://kind.example/"]

    assert [each.id for each in check_door()] == ["accounts.E1", "accounts.E1"]


def test_a_proxy_that_is_no_address_is_an_error(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["proxy.internal"]

    assert [each.id for each in check_door()] == ["accounts.E2"]
