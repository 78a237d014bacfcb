"""scripts/deploy_cryptomath_lambda.sh: its values, and (long) what it does to an account, played by moto's server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.lambda_rig import NEAR, ROOT, free_port, serving, tool

SCRIPT = ROOT / "scripts/deploy_cryptomath_lambda.sh"
ROLE = "arn:aws:iam::123456789012:role/calculator"
VALUES = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing-secret",
    "AWS_REGION": "eu-central-1",
    "LAMBDA_ROLE_ARN": ROLE,
    "LAMBDA_ARCHITECTURE": "x86_64",
}

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is missing: install it with your packages")


def deploy(environ: dict[str, str], *words: str, script: Path = SCRIPT) -> subprocess.CompletedProcess[str]:
    env = {"PATH": f"{NEAR}{os.pathsep}{os.environ['PATH']}", "HOME": "/nonexistent", "ARENA_NO_DOTENV": "1", **environ}
    return subprocess.run(["bash", script, *words], env=env, capture_output=True, text=True, timeout=300)


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in VALUES.items() if name not in names}


# Values, all checked before anything is built or called


@pytest.mark.parametrize("name", ["LAMBDA_ROLE_ARN", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_a_missing_variable_is_named(name: str) -> None:
    done = deploy(without(name))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"error: {name} is missing" in done.stderr
    assert "testing" not in done.stderr


def test_all_missing_variables_are_named_at_once() -> None:
    done = deploy({})
    assert done.returncode == 2
    assert "LAMBDA_ROLE_ARN is missing" in done.stderr and "AWS_REGION is missing" in done.stderr
    assert ".env" in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LAMBDA_ROLE_ARN", "calculator"),
        ("LAMBDA_FUNCTION_NAME", "a b"),
        ("LAMBDA_ARCHITECTURE", "riscv"),
        ("LAMBDA_MEMORY_MB", "64"),
        ("LAMBDA_MEMORY_MB", "1e3"),
        ("LAMBDA_TIMEOUT_S", "0"),
        ("LAMBDA_TIMEOUT_S", "901"),
        ("LAMBDA_AUTH", "none"),
    ],
)
def test_an_unusable_value_is_named(name: str, value: str) -> None:
    done = deploy({**VALUES, name: value})
    assert (done.returncode, done.stdout) == (2, "")
    assert f"error: {name}" in done.stderr


def test_a_missing_aws_cli_is_named(tmp_path: Path) -> None:
    for name in ("bash", "dirname", "sed", "env", "mktemp"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    done = deploy({**VALUES, "PATH": str(tmp_path), "PYTHON": sys.executable})
    assert done.returncode == 2
    assert "the AWS CLI is missing" in done.stderr


def test_an_unknown_argument_is_refused() -> None:
    done = deploy(VALUES, "--force")
    assert done.returncode == 2
    assert "--force" in done.stderr


def clone(folder: Path, dotenv: str) -> Path:
    """A copy of what the script needs, with a .env of its own; returns the script."""
    for part in ("arena", "scripts"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / ".env").write_text(dotenv)
    return folder / "scripts" / SCRIPT.name


def test_values_are_read_from_dotenv_by_the_arenas_rules(tmp_path: Path) -> None:
    dotenv = "export LAMBDA_MEMORY_MB = '64'  # too little\nLAMBDA_AUTH=\nAWS_REGION=\"eu-central-1\"\n"
    script = clone(tmp_path, dotenv + 'LAMBDA_ROLE_ARN="$(touch pwned)`touch pwned`"\n')
    done = deploy({"ARENA_NO_DOTENV": ""}, script=script)
    lines = done.stderr.splitlines()
    assert [line for line in lines if line.startswith("error: LAMBDA")] == [
        "error: LAMBDA_ROLE_ARN is not the ARN of a role",
        "error: LAMBDA_MEMORY_MB: 128 to 10240",
    ]
    assert not list(tmp_path.rglob("pwned")) and not Path("pwned").exists()


def test_the_environment_wins_over_dotenv(tmp_path: Path) -> None:
    script = clone(tmp_path, "LAMBDA_MEMORY_MB=64\n")
    done = deploy({"ARENA_NO_DOTENV": "", "LAMBDA_MEMORY_MB": "256"}, script=script)
    assert done.returncode == 2 and "LAMBDA_MEMORY_MB" not in done.stderr


def test_an_unusable_dotenv_ends_the_script(tmp_path: Path) -> None:
    done = deploy({**VALUES, "ARENA_NO_DOTENV": ""}, script=clone(tmp_path, "not a line\n"))
    assert done.returncode == 2
    assert ".env: line 1" in done.stderr


# What it does to an account


@dataclass
class Account:
    """An AWS account on loopback."""

    environ: dict[str, str]
    folder: Path
    package: Path = field(init=False)

    def __post_init__(self) -> None:
        self.package = self.pack("first.zip", b"one")

    def pack(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(zipfile.ZipInfo("bootstrap"), content)
        return path

    def deploy(self, package: Path | None = None, **values: str) -> subprocess.CompletedProcess[str]:
        done = deploy({**self.environ, **values}, "--package", str(package or self.package))
        assert done.returncode == 0, done.stderr
        return done

    def aws(self, *words: str) -> Any:
        env = {"PATH": f"{NEAR}{os.pathsep}{os.environ['PATH']}", **self.environ}
        command = [tool("aws", "awscli"), "--region", "eu-central-1", "--output", "json", *words]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "null")

    def function(self) -> Any:
        return self.aws("lambda", "get-function-configuration", "--function-name", "cryptomath")

    def url(self) -> Any:
        return self.aws("lambda", "get-function-url-config", "--function-name", "cryptomath")


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    server, port = tool("moto_server", "moto[server]"), free_port()
    tool("aws", "awscli")
    command, log = [server, "-H", "127.0.0.1", "-p", str(port)], tmp_path / "moto.log"
    with serving(command, port, tmp_path, log, {"PATH": os.environ["PATH"]}):
        made = Account({**VALUES, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "NO_PROXY": "127.0.0.1"}, tmp_path)
        trust = '{"Version":"2012-10-17","Statement":[]}'
        made.aws("iam", "create-role", "--role-name", "calculator", "--assume-role-policy-document", trust)
        yield made


@pytest.mark.long
def test_the_first_run_creates_the_function_and_a_url_for_signed_calls(account: Account) -> None:
    done = account.deploy()
    function, url = account.function(), account.url()
    assert done.stdout == url["FunctionUrl"] + "\n"
    assert url["AuthType"] == "AWS_IAM"
    assert (function["Runtime"], function["Handler"]) == ("provided.al2023", "bootstrap")
    assert (function["Role"], function["Architectures"]) == (ROLE, ["x86_64"])
    assert (function["MemorySize"], function["Timeout"]) == (512, 30)
    assert account.environ["AWS_SECRET_ACCESS_KEY"] not in done.stderr


@pytest.mark.long
def test_the_second_run_changes_nothing(account: Account) -> None:
    first, before = account.deploy(), account.function()
    second = account.deploy()
    assert second.stdout == first.stdout
    assert account.function() == before
    assert second.stderr.count("up to date") == 3
    assert "creating" not in second.stderr and "updating" not in second.stderr


@pytest.mark.long
def test_a_later_run_updates_what_differs_and_only_that(account: Account) -> None:
    account.deploy()
    before = account.function()
    code = account.deploy(account.pack("second.zip", b"two"))
    assert "updating the code" in code.stderr and "settings of cryptomath are up to date" in code.stderr
    assert account.function()["CodeSha256"] != before["CodeSha256"]
    settings = account.deploy(account.folder / "second.zip", LAMBDA_MEMORY_MB="1024", LAMBDA_TIMEOUT_S="010")
    assert "updating the settings" in settings.stderr and "code of cryptomath is up to date" in settings.stderr
    function = account.function()
    assert (function["MemorySize"], function["Timeout"]) == (1024, 10)


@pytest.mark.long
def test_opening_the_url_to_anyone_is_said_and_can_be_taken_back(account: Account) -> None:
    account.deploy()
    opened = account.deploy(LAMBDA_AUTH="NONE")
    assert "anyone" in opened.stderr and account.url()["AuthType"] == "NONE"
    policy = account.aws("lambda", "get-policy", "--function-name", "cryptomath")["Policy"]
    assert {row["Sid"] for row in json.loads(policy)["Statement"]} == {"anyone-url", "anyone-invoke"}
    account.deploy()
    assert account.url()["AuthType"] == "AWS_IAM"
    environ = {"PATH": f"{NEAR}{os.pathsep}{os.environ['PATH']}", **account.environ}
    command = [
        tool("aws", "awscli"),
        "--region",
        "eu-central-1",
        "lambda",
        "get-policy",
        "--function-name",
        "cryptomath",
    ]
    left = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120)
    assert "anyone" not in left.stdout


@pytest.mark.long
def test_another_name_is_another_function(account: Account) -> None:
    assert account.deploy().stdout != account.deploy(LAMBDA_FUNCTION_NAME="second").stdout
    assert len(account.aws("lambda", "list-functions")["Functions"]) == 2


@pytest.mark.long
def test_a_refusal_of_aws_ends_the_script_with_what_aws_said(account: Account) -> None:
    done = deploy({**account.environ, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "--package", str(account.package))
    assert done.returncode == 1
    assert "AWS does not know the caller" in done.stderr
