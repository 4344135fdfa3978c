"""The Compose file is one, and says nothing that our own settings do not know."""

import json
from importlib.metadata import distribution
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator  # type: ignore[import-untyped]  # It ships no types.

from stream.cli.main import COMMANDS
from stream.config import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_it_follows_the_compose_specification(compose):
    # The package is here for this file; imported, it wants another click than Faust does.
    path = "check_jsonschema/builtin_schemas/vendor/compose-spec.json"
    schema = json.loads(Path(str(distribution("check-jsonschema").locate_file(path))).read_text())
    assert list(Draft7Validator(schema).iter_errors(compose)) == []


def test_every_service_has_a_health_check(compose):
    assert {name for name, service in compose["services"].items() if "healthcheck" in service} == {
        "kafka",
        "worker",
        "serve",
    }


@pytest.mark.parametrize("name", ["worker", "serve"])
def test_what_it_runs_is_a_command_of_ours_with_settings_of_ours(compose, name):
    service = compose["services"][name]
    assert service["command"][0] in COMMANDS
    settings = Settings.from_env(service["environment"])
    assert settings == Settings(brokers="kafka:29092")


def test_the_worker_finds_kafka_where_kafka_says_it_is(compose):
    said = compose["services"]["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    wanted = compose["services"]["worker"]["environment"]["THREADLINE_BROKERS"]
    assert f"INSIDE://{wanted}" in said.split(",")
