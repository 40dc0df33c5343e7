from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from evalbot.evaluate.local.environment import is_secret, runner_environment, secrets_in, withheld

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "hf_0123456789abcdef"


@pytest.mark.parametrize(
    "name",
    [
        *("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "UV_PUBLISH_TOKEN"),
        *("AA_API_KEY", "OPENAI_API_KEY", "VLLM_API_KEY", "WANDB_KEY", "APIKEY", "MYAPIKEY", "AWS_ACCESS_KEY_ID"),
        *(
            "AWS_SECRET_ACCESS_KEY",
            "CLIENT_SECRET",
            "PGPASSWORD",
            "UV_INDEX_OURS_PASSWORD",
            "DB_PASS",
            "GPG_PASSPHRASE",
        ),
        *("INPUT_HF-TOKEN", "input_token", "GH_PAT", "SLACK_WEBHOOK_URL", "HF_OIDC_RESOURCE", "AZURE_CREDENTIALS"),
    ],
)
def test_is_secret__by_the_names_secrets_have(name: str) -> None:
    assert is_secret(name)
    assert name not in runner_environment({name: TOKEN}, read_token=None)


@pytest.mark.parametrize(
    "name",
    ["PATH", "PWD", "HF_HOME", "TOKENIZERS_PARALLELISM", "VLLM_LOGGING_LEVEL", "HF_TOKEN_PATH", "MONKEY", "COMPASS"],
)
def test_is_secret__not_what_only_looks_like_one(name: str) -> None:
    assert not is_secret(name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PATH", "/usr/bin"),
        ("HOME", "/home/alice"),
        ("HF_HOME", "/models"),
        ("HF_ENDPOINT", "http://127.0.0.1:8765"),
        ("CUDA_VISIBLE_DEVICES", "0,1"),
        ("VLLM_CPU_KVCACHE_SPACE", "1"),
        ("TORCHDYNAMO_DISABLE", "1"),
        ("OMP_NUM_THREADS", "2"),
        ("LD_LIBRARY_PATH", "/usr/local/cuda/lib64"),
        ("UV_FIND_LINKS", "/wheels,/more"),
        ("UV_INDEX", "ours=https://packages.example/wheels more=https://b.example/wheels"),
        ("https_proxy", "http://proxy.example:3128"),
        ("LC_ALL", "C.UTF-8"),
    ],
)
def test_environment__keeps_what_engines_need(name: str, value: str) -> None:
    assert runner_environment({name: value}, read_token=None)[name] == value
    assert withheld({name: value}) == ()


@pytest.mark.parametrize(
    "name",
    [
        *(
            "GITHUB_OUTPUT",
            "GITHUB_ENV",
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            "AWS_PROFILE",
            "SSH_AUTH_SOCK",
            "DATABASE_URL",
        ),
        *(
            "UV_ENV_FILE",
            "KUBECONFIG",
            "DOCKER_HOST",
            "PYTHONPATH",
            "PYTHONHOME",
            "VIRTUAL_ENV",
            "HUGGINGFACE_TOKEN",
            "ANYTHING",
        ),
    ],
)
def test_environment__hands_on_nothing_that_nobody_thought_of(name: str) -> None:
    assert name not in runner_environment({name: "value"}, read_token=None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTPS_PROXY", "http://me:hunter22@proxy.example:3128"),
        ("UV_INDEX", "a=https://a.example/wheels b=https://me:hunter22@b.example/wheels"),
        ("UV_DEFAULT_INDEX", "https://me:hunter22@b.example/wheels"),
        ("VLLM_X", f"prefix-{TOKEN}"),
    ],
)
def test_environment__keeps_back_a_secret_in_a_value__and_says_so(name: str, value: str) -> None:
    environ = {"WANDB_API_KEY": TOKEN, name: value}
    assert name not in runner_environment(environ, read_token=None)
    assert withheld(environ) == (name,)
    assert runner_environment(environ, read_token=None, pass_on=(name,))[name] == value
    assert withheld(environ, pass_on=(name,)) == ()


def test_environment__only_the_read_token_becomes_the_token() -> None:
    environ = {"HF_TOKEN": TOKEN}
    assert "HF_TOKEN" not in runner_environment(environ, read_token=None)
    assert "HF_TOKEN" not in runner_environment(environ, read_token=None, pass_on=("HF_TOKEN",))
    assert "DB_PASS" in runner_environment({"DB_PASS": "x"}, read_token=None, pass_on=("DB_PASS", "MISSING"))
    assert runner_environment(environ, read_token="hf_reads")["HF_TOKEN"] == "hf_reads"


def test_environment__the_key_of_a_server_is_handed_on_where_it_is_given() -> None:
    assert runner_environment({}, read_token=None, server_key="key")["VLLM_API_KEY"] == "key"


def test_environment__nobody_is_told_of_a_run_and_no_stored_token_is_taken() -> None:
    made = runner_environment({"HF_HUB_DISABLE_TELEMETRY": "0", "HF_TOKEN_PATH": "/home/a/token"}, read_token=None)
    assert made["HF_HUB_DISABLE_TELEMETRY"] == made["DO_NOT_TRACK"] == made["VLLM_NO_USAGE_STATS"] == "1"
    assert made["HF_TOKEN_PATH"] == os.devnull


def test_environment__uv_reads_no_configuration_of_the_folders_above(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    assert runner_environment(home, read_token=None).get("UV_CONFIG_FILE", "/etc/uv/uv.toml") == "/etc/uv/uv.toml"
    own = tmp_path / ".config" / "uv" / "uv.toml"
    own.parent.mkdir(parents=True)
    own.write_text("")
    assert runner_environment(home, read_token=None)["UV_CONFIG_FILE"] == str(own)
    assert runner_environment({**home, "UV_CONFIG_FILE": "/mine"}, read_token=None)["UV_CONFIG_FILE"] == "/mine"


def test_secrets__are_the_values_that_can_be_looked_for() -> None:
    environ = {"HF_TOKEN": f" {TOKEN}\n", "A_KEY": "short", "SSH_KEY": "/home/alice/.ssh/id", "HOME": "/home/alice"}
    assert secrets_in(environ) == {TOKEN}
