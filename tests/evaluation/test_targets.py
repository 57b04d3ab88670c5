from __future__ import annotations

from typing import Any

import pytest

from realtime.chat.activating import activate_model
from realtime.evaluation.targets import NoTarget, config_at, resolve
from realtime.provider.config import ProviderConfig

pytestmark = pytest.mark.django_db

HOME = "http://home.test/v1"
KEY = "sk-of-this-server"


@pytest.fixture(autouse=True)
def _at_home(settings: Any) -> None:
    settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY, settings.OPENAI_MODEL = HOME, KEY, "own"


def facts(config: ProviderConfig) -> tuple[str, str, str]:
    return config.resolved_model, config.base_url, config.api_key


def test_active_is_what_answers_now() -> None:
    assert facts(resolve("active")) == ("own", HOME, KEY)
    activate_model(name="tuned", base_url="http://else.test/v1")
    assert facts(resolve("active")) == ("tuned", "http://else.test/v1", "")


def test_a_name_is_of_a_job_then_of_a_promoted_one_then_of_the_settings_server() -> None:
    activate_model(name="mine", base_url="http://else.test/v1")
    tuned = ProviderConfig(api_key="", base_url="http://tune.test/v1", model="from-job")
    assert resolve("mine", trained=lambda name: tuned) == tuned
    assert facts(resolve("mine")) == ("mine", "http://else.test/v1", "")
    assert facts(resolve("other")) == ("other", HOME, KEY)


def test_a_key_goes_to_its_own_address_only() -> None:
    assert facts(resolve("x", base_url="http://evil.test/v1/")) == ("x", "http://evil.test/v1", "")
    assert facts(resolve("x", base_url=HOME)) == ("x", HOME, KEY)
    assert facts(config_at("x", "http://evil.test/v1", "chat"))[2] == ""


@pytest.mark.parametrize(
    "url", ["nonsense", "http://u:p@host/v1", "http://host/v1?key=1", "ftp://host", "http://[x"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(NoTarget, match="https://host/v1"):
        resolve("x", base_url=url)
    with pytest.raises(NoTarget, match="Say a model"):
        resolve("", base_url=HOME)


def test_without_any_server_it_says_what_to_set(settings: Any) -> None:
    settings.OPENAI_BASE_URL = settings.OPENAI_API_KEY = ""
    settings.ALLOW_REHEARSAL = False
    with pytest.raises(NoTarget, match="OPENAI_BASE_URL"):
        resolve("active")
    with pytest.raises(NoTarget, match="--target-base-url"):
        resolve("some-model")
