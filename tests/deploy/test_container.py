"""The container examples match each other and the program; no container engine runs here."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import yaml
from botocore.session import Session
from botocore.validate import ParamValidator

from dynamic_dynamodb import __version__
from dynamic_dynamodb.config.flags import parse_command_line
from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.service.web.response import Request, Response
from tests.deploy.contrib import CONTRIB, REPOSITORY, read
from tests.service.web.servers import serve

if TYPE_CHECKING:
    from pathlib import Path

    from tests.deploy.host import Host

DOCKERFILE = CONTRIB / "container" / "Dockerfile"
KUBERNETES = CONTRIB / "container" / "kubernetes.yaml"
ECS = CONTRIB / "container" / "ecs-task-definition.json"
STATE = "/var/lib/dynamic-dynamodb"
LISTENED = "127.0.0.1:9109"


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile with what follows each, continued lines as one."""
    text = re.sub(r"^#.*\n", "", read(DOCKERFILE), flags=re.MULTILINE).replace("\\\n", " ")
    lines = (line.strip().partition(" ") for line in text.splitlines() if line.strip())
    return [(name, rest.strip()) for name, _, rest in lines]


def last(name: str) -> str:
    return [rest for each, rest in instructions() if each == name][-1]


def health_check() -> list[str]:
    words: list[str] = json.loads(last("HEALTHCHECK").partition(" CMD ")[2])
    return words


def task() -> dict[str, Any]:
    return dict(json.loads(read(ECS)))


def deployment() -> dict[str, Any]:
    (found,) = (each for each in yaml.safe_load_all(read(KUBERNETES)) if each["kind"] == "Deployment")
    return dict(found["spec"])


def container() -> dict[str, Any]:
    return dict(deployment()["template"]["spec"]["containers"][0])


def test_every_file_that_the_image_is_built_from_exists() -> None:
    copied = [rest.split()[:-1] for name, rest in instructions() if name == "COPY" and "--from" not in rest]
    sources = [source for each in copied for source in each]
    assert {"pyproject.toml", "setup.py", "README.md", "LICENSE", "dynamic_dynamodb"} <= set(sources)
    assert [source for source in sources if not (REPOSITORY / source).exists()] == []
    links = [path for path in (REPOSITORY / "dynamic_dynamodb").rglob("*") if path.is_symlink()]
    assert {path.resolve().relative_to(REPOSITORY).parts[0] for path in links} <= set(sources)


def test_the_image_runs_the_program_attached_with_json_logs_as_an_ordinary_user() -> None:
    command = [*json.loads(last("ENTRYPOINT")), *json.loads(last("CMD"))]
    assert command[0] == "dynamic-dynamodb"
    assert parse_command_line(command[1:]) == {
        "log-format": "json",
        "listen": LISTENED,
        "config": "/etc/dynamic-dynamodb/dynamic-dynamodb.conf",
    }
    user, group = last("USER").split(":")
    assert int(user) > 0
    assert f"--uid {user} --gid {group}" in last("RUN")
    assert f"STATE_DIRECTORY={STATE}" in last("ENV")
    assert last("VOLUME") == STATE


def test_a_container_is_healthy_while_the_program_moves() -> None:
    is_healthy = True

    def show(_: Request) -> Response:
        return Response(b"", status="200 OK" if is_healthy else "503 Service Unavailable")

    with serve({"/healthz": show}) as address:
        python, *arguments = [word.replace(LISTENED, address) for word in health_check()]
        assert python == "python"
        check = [sys.executable, *arguments]
        assert subprocess.run(check, check=False).returncode == 0
        behind_a_proxy = {**os.environ, "http_proxy": "http://127.0.0.1:1"}
        assert subprocess.run(check, check=False, env=behind_a_proxy).returncode == 0
        is_healthy = False
        assert subprocess.run(check, check=False, stderr=subprocess.DEVNULL).returncode == 1
    assert subprocess.run(check, check=False, stderr=subprocess.DEVNULL).returncode == 1


def test_kubernetes_runs_one_pod_and_asks_it_whether_it_moves() -> None:
    assert (deployment()["replicas"], deployment()["strategy"]) == (1, {"type": "Recreate"})
    command = [*json.loads(last("ENTRYPOINT")), *container()["args"]]
    (port,) = container()["ports"]
    assert parse_command_line(command[1:])["listen"] == f"0.0.0.0:{port['containerPort']}"
    for probe, path in (("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
        assert container()[probe]["httpGet"] == {"path": path, "port": port["name"]}
    assert f"{deployment()['template']['spec']['securityContext']['runAsUser']}" == last("USER").split(":")[0]
    assert container()["securityContext"]["readOnlyRootFilesystem"] is True


def test_kubernetes_mounts_what_the_program_reads_and_writes() -> None:
    volumes = {volume["name"] for volume in deployment()["template"]["spec"]["volumes"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in container()["volumeMounts"]}
    assert volumes == set(mounts)
    assert mounts == {"configuration": "/etc/dynamic-dynamodb", "state": STATE, "tmp": "/tmp"}  # noqa: S108 - in a container


def test_the_configuration_for_kubernetes_has_no_errors(tmp_path: Path) -> None:
    (texts,) = (each["data"] for each in yaml.safe_load_all(read(KUBERNETES)) if each["kind"] == "ConfigMap")
    path = tmp_path / "dynamic-dynamodb.conf"
    path.write_text(texts["dynamic-dynamodb.conf"], encoding="utf-8")
    assert load({"config": str(path)}, {}).warnings == ()


def test_every_field_of_the_task_definition_is_known_to_ecs() -> None:
    shape = Session().get_service_model("ecs").operation_model("RegisterTaskDefinition").input_shape
    assert shape is not None
    assert ParamValidator().validate(task(), shape).generate_report() == ""
    assert "spoilt" in ParamValidator().validate(task() | {"spoilt": 1}, shape).generate_report()


def test_ecs_runs_the_image_with_the_same_health_check() -> None:
    (defined,) = task()["containerDefinitions"]
    assert defined["healthCheck"]["command"] == ["CMD", *health_check()]
    mounts = {mount["sourceVolume"]: mount["containerPath"] for mount in defined["mountPoints"]}
    assert mounts == {"state": STATE}
    assert {volume["name"] for volume in task()["volumes"]} == set(mounts)


def test_the_examples_name_this_version() -> None:
    named = re.findall(r"dynamic-dynamodb:([\d.]+)", read(DOCKERFILE) + read(KUBERNETES))
    assert set(named) == {__version__}


def test_cron_checks_once_and_keeps_counts(installed: Host) -> None:
    lines = read(CONTRIB / "dynamic-dynamodb.cron").splitlines()
    settings = dict(line.split("=", 1) for line in lines if re.match("[A-Z_]+=", line))
    (entry,) = (line for line in lines if line.startswith("*"))
    *_, user, command = entry.split(maxsplit=6)
    assert shlex.split(command)[:2] == ["flock", "--nonblock"]
    installed.write(
        "/etc/dynamic-dynamodb/dynamic-dynamodb.conf", "[table: ^orders$]\nmax-provisioned-reads: 5\n"
    )
    installed.must_run("install", "-d", "-o", user, "/var/lib/dynamic-dynamodb")
    emulated = dict(line.split("=", 1) for line in installed.read("/etc/default/dynamic-dynamodb").split())
    variables = [f"{name}={text}" for name, text in (emulated | settings).items()]
    run = installed.run("runuser", "-u", user, "--", "env", *variables, settings["SHELL"], "-c", command)
    assert (run.code, run.stderr) == (0, "")
    assert " INFO " not in run.stdout
    assert "default.json" in installed.must_run("ls", "/var/lib/dynamic-dynamodb").stdout
