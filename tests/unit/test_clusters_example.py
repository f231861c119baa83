"""The example for KubeRay, checked without a cluster: its fields, its folders and its command."""

from __future__ import annotations

import re
import shlex
from pathlib import Path, PurePosixPath
from typing import Any

import click
import pytest
import yaml

from imagedb_site.cli.build import command
from imagedb_site.cli.main import cli
from imagedb_site.config import load_config

ROOT = Path(__file__).parents[2]
NOT_SETTINGS = ("config", "dry_run", "profile", "trace", "as_json", "quiet")


@pytest.fixture(scope="module")
def job() -> dict[str, Any]:
    text = (ROOT / "docs" / "examples" / "rayjob.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def pods(job: dict[str, Any]) -> list[dict[str, Any]]:
    cluster = job["spec"]["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    return [group["template"]["spec"] for group in groups]


def settings(job: dict[str, Any]) -> Any:
    program, verb, *arguments = shlex.split(job["spec"]["entrypoint"])
    assert (program, verb) == ("imagedb-site", "build")
    # Below its parent, as everywhere: the command keeps what it has learned of it.
    parent = click.Context(cli, info_name="imagedb-site", **cli.context_settings)
    given = command.make_context("build", arguments, parent=parent).params
    return load_config(None, {k: v for k, v in given.items() if k not in NOT_SETTINGS})


def test_it_is_a_job_as_kuberay_knows_it(job: dict[str, Any]) -> None:
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    assert job["spec"].keys() <= {
        *("entrypoint", "backoffLimit", "shutdownAfterJobFinishes", "ttlSecondsAfterFinished"),
        "rayClusterSpec",
    }
    for group in job["spec"]["rayClusterSpec"]["workerGroupSpecs"]:
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
        assert re.fullmatch("[a-z0-9-]+", group["groupName"])
        assert group["minReplicas"] >= 1, "the build looks for room when it starts"
    for pod in pods(job):
        for container in pod["containers"]:
            assert container["resources"]["requests"] == container["resources"]["limits"]


def test_its_command_is_valid_and_fits_the_workers(job: dict[str, Any]) -> None:
    config = settings(job)
    assert config.engine == "ray"
    for pod in pods(job)[1:]:
        (container,) = pod["containers"]
        assert int(container["resources"]["limits"]["cpu"]) % config.actor_cpus == 0


def test_all_machines_see_the_same_folders(job: dict[str, Any]) -> None:
    config = settings(job)
    for pod in pods(job):
        ((volume, place),) = (
            (mount["name"], mount["mountPath"])
            for container in pod["containers"]
            for mount in container["volumeMounts"]
        )
        assert [one["name"] for one in pod["volumes"]] == [volume]
        for path in (config.pictures, config.output, config.library_folder):
            assert PurePosixPath(path).is_relative_to(place)
    claims = {pod["volumes"][0]["persistentVolumeClaim"]["claimName"] for pod in pods(job)}
    assert len(claims) == 1


def test_it_names_the_version_that_the_tests_use(job: dict[str, Any]) -> None:
    locked = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    (version,) = re.findall(r"^ray==([\d.]+)", locked, re.MULTILINE)
    text = (ROOT / "docs" / "examples" / "rayjob.yaml").read_text(encoding="utf-8")
    assert job["spec"]["rayClusterSpec"]["rayVersion"] == version
    assert f"rayproject/ray:{version}\n" in text
    images = {container["image"] for pod in pods(job) for container in pod["containers"]}
    assert len(images) == 1
