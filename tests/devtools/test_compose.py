from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.devtools import compose
from config.devtools.checkout import this_checkout

ROOT = this_checkout().root
FILE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES.keys())


def write(root: Path, environment: str, example: str = "#PORT=1\n#SECRET_KEY=\n") -> Path:
    (root / "docker-compose.yml").write_text(f"services:\n  web:\n{environment}", "utf-8")
    (root / ".env.example").write_text(example, "utf-8")
    return root


@pytest.mark.parametrize("text", ["${OTHER}", "${PORT:-${OTHER:-8000}}", "$OTHER"])
def test_a_variable_to_fill_in_has_to_be_listed(text: str, tmp_path: Path) -> None:
    root = write(tmp_path, f'    ports: ["127.0.0.1:{text}:8000"]\n')

    found = compose.strange_variables(root)

    assert found == ["docker-compose.yml: ${OTHER} is not in .env.example"]


@pytest.mark.parametrize("line", ["OTHER: 1", "OTHER:", "- OTHER=1", '- "OTHER"', "- OTHER"])
def test_a_variable_handed_to_a_service_has_to_be_read_by_something(
    line: str, tmp_path: Path
) -> None:
    root = write(tmp_path, f"    environment:\n      {line}\n")

    assert compose.strange_variables(root) == ["docker-compose.yml: nothing reads OTHER"]


def test_secrets_from_files_comments_and_variables_of_a_shell_inside_pass(tmp_path: Path) -> None:
    lines = ("PORT: ${PORT:-1} # not ${OTHER}", "SECRET_KEY_FILE: /a", "x: echo $$OTHER")
    root = write(tmp_path, "".join(f"      {line}\n" for line in lines))

    assert compose.strange_variables(root) == []


def test_a_file_for_what_is_no_secret_is_strange(tmp_path: Path) -> None:
    root = write(tmp_path, "      PORT_FILE: /a\n")

    assert compose.strange_variables(root) == ["docker-compose.yml: nothing reads PORT_FILE"]


def test_this_projects_compose_file_is_clean() -> None:
    assert compose.strange_variables(ROOT) == []


def test_the_text_names_every_variable_the_services_get() -> None:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    given = {name for service in SERVICES.values() for name in service.get("environment", {})}

    assert given <= compose.given_variables(text)


def test_the_server_gets_every_setting_but_those_that_are_fixed_here() -> None:
    example = (ROOT / ".env.example").read_text("utf-8").partition("# --- Read by ./dev alone")[0]
    settings = set(re.findall(r"^#([A-Z_]+)=", example, re.MULTILINE))
    fixed = {"DEBUG", "SECRET_KEY", "DATABASE_URL", "REDIS_URL", "REDIS_PREFIX", "TIMINGS_SCALE"}

    assert len(settings) > len(fixed)
    assert settings - set(SERVICES["web"]["environment"]) == fixed


@each_service
def test_a_service_has_no_rights_it_does_not_need(service: dict[str, Any]) -> None:
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True


@each_service
def test_ports_are_open_to_this_machine_alone(service: dict[str, Any]) -> None:
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_only_the_server_and_its_worker_have_a_way_out() -> None:
    assert FILE["networks"]["inner"] == {"internal": True}
    assert [name for name, each in SERVICES.items() if "outer" in each.get("networks", [])] == [
        "web",
        "worker",
    ]


def test_no_value_in_the_file_is_a_secret() -> None:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")

    secrets = re.findall(r"^\s+(\w*(?:KEY|PASSWORD)\w*):[ ]*(.*)$", text, re.MULTILINE)

    assert {value for name, value in secrets if not name.endswith("_FILE")} <= {
        "",
        "signs-nothing-here",
    }


def test_each_secret_is_mounted_where_it_is_read_and_nowhere_else() -> None:
    readers = {
        name: [volume for volume in service.get("volumes", []) if "-secrets:" in volume]
        for name, service in SERVICES.items()
    }

    assert readers.pop("secrets") == [
        "app-secrets:/secrets/app",
        "postgres-secrets:/secrets/postgres",
        "valkey-secrets:/secrets/valkey",
    ]
    assert readers == {
        "web": ["app-secrets:/secrets/app:ro"],
        "worker": ["app-secrets:/secrets/app:ro"],
        "setup": ["app-secrets:/secrets/app:ro"],
        "rehearsal": [],
        "postgres": ["postgres-secrets:/secrets:ro"],
        "valkey": ["valkey-secrets:/secrets:ro"],
    }


def test_only_the_server_inherits_the_images_question_for_its_health() -> None:
    asked = [name for name, each in OURS.items() if "healthcheck" not in each]

    assert asked == ["web"]
