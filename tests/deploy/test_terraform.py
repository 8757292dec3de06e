"""The Terraform files: what they make is what `tribometer pubsub init` makes, with one role on one resource each."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from pipelines.pubsub.names import resource
from pipelines.pubsub.setup import (
    ACK_DEADLINE_SECONDS,
    DEAD_LETTERS_SUFFIX,
    DELIVERY_ATTEMPTS,
    LONGEST_RETRY_SECONDS,
    RETENTION_SECONDS,
    SCHEMA_NAME,
    SHORTEST_RETRY_SECONDS,
    Plan,
)
from tests.deploy.parts import DEPLOY, ROOT, checker, documents, run
from tests.docs.test_links import anchors

FOLDER = DEPLOY / "terraform"
TEXT = "\n".join(path.read_text() for path in sorted(FOLDER.glob("*.tf")))
RESOURCES = {
    f"{kind}.{name}": body
    for kind, name, body in re.findall(r'^resource "(\w+)" "(\w+)" \{\n(.*?)^\}', TEXT, re.MULTILINE | re.DOTALL)
}
"""Body of each resource, by kind and name; the files are formatted, so it ends at the first brace of a line."""


def setting(body: str, name: str) -> str:
    (value,) = re.findall(rf"^ *{name} += (.*)$", body, re.MULTILINE)
    return str(value).strip('"')


def default(variable: str) -> str:
    (body,) = re.findall(rf'^variable "{variable}" \{{\n(.*?)^\}}', TEXT, re.MULTILINE | re.DOTALL)
    return setting(body, "default")


def test_names_are_those_of_pubsub_init() -> None:
    plan = Plan(resource("p", "topics", "feedback"), resource("p", "subscriptions", "tribometer"))
    assert (default("topic"), default("subscription")) == (plan.topic.name, plan.subscription.name)
    assert setting(RESOURCES["google_pubsub_topic.dead_letters"], "name") == f"${{var.topic}}{DEAD_LETTERS_SUFFIX}"
    assert setting(RESOURCES["google_pubsub_schema.feedback_event"], "name") == SCHEMA_NAME
    (file,) = re.findall(r'file\("\$\{path.module\}/(.*?)"\)', TEXT)
    assert (FOLDER / file).resolve() == ROOT / "schemas" / "wire" / "feedback_event.1.proto"


@pytest.mark.parametrize("name", ["listener", "dead_letters"])
def test_subscriptions_are_set_up_as_pubsub_init_does(name: str) -> None:
    body = RESOURCES[f"google_pubsub_subscription.{name}"]
    assert setting(body, "ack_deadline_seconds") == str(ACK_DEADLINE_SECONDS)
    assert setting(body, "message_retention_duration") == f"{RETENTION_SECONDS}s"
    assert setting(body, "minimum_backoff") == f"{SHORTEST_RETRY_SECONDS}s"
    assert setting(body, "maximum_backoff") == f"{LONGEST_RETRY_SECONDS}s"
    assert setting(body, "enable_exactly_once_delivery") == "false"
    assert setting(body, "ttl") == "", "it never expires"
    if name == "listener":
        assert setting(body, "max_delivery_attempts") == str(DELIVERY_ATTEMPTS)


def test_each_grant_is_one_role_on_one_resource() -> None:
    grants = {name: body for name, body in RESOURCES.items() if "_iam_" in name}
    assert {name: setting(body, "role") for name, body in grants.items()} == {
        "google_pubsub_subscription_iam_member.forwards": "roles/pubsub.subscriber",
        "google_pubsub_subscription_iam_member.listener": "roles/pubsub.subscriber",
        "google_pubsub_topic_iam_member.forwards": "roles/pubsub.publisher",
        "google_pubsub_topic_iam_member.publisher": "roles/pubsub.publisher",
        "google_service_account_iam_member.listener_pod": "roles/iam.workloadIdentityUser",
        "google_storage_bucket_iam_member.backup": "roles/storage.objectCreator",
    }
    assert "google_project_iam" not in TEXT
    assert "google_service_account_key" not in TEXT


def test_the_pod_that_acts_as_the_listener_is_the_one_of_kubernetes() -> None:
    member = setting(RESOURCES["google_service_account_iam_member.listener_pod"], "member")
    accounts = documents(DEPLOY / "kubernetes" / "base" / "accounts.yaml")
    pods = {f"[{one['metadata']['namespace']}/{one['metadata']['name']}]" for one in accounts}
    assert member[member.index("[") :] in pods
    overlay = (DEPLOY / "kubernetes" / "google-cloud" / "kustomization.yaml").read_text()
    account = setting(RESOURCES["google_service_account.listener"], "account_id")
    assert f"iam.gke.io/gcp-service-account: {account}@" in overlay


def test_backups_end_and_are_open_to_nobody() -> None:
    bucket = RESOURCES["google_storage_bucket.backups"]
    assert setting(bucket, "public_access_prevention") == "enforced"
    assert setting(bucket, "uniform_bucket_level_access") == "true"
    assert setting(bucket, "age") == "var.backup_days"


def test_every_alert_says_what_to_do() -> None:
    policies = [body for name, body in RESOURCES.items() if name.startswith("google_monitoring_alert_policy.")]
    assert len(policies) == 2
    for body in policies:
        ((page, heading),) = re.findall(r"(docs/\w+\.md)#([\w-]+)", body)
        assert heading in anchors(ROOT / page)


@pytest.mark.deploy
def test_checkov_finds_nothing() -> None:
    said = run(
        checker("checkov"), "--directory", FOLDER, "--framework", "terraform", "--skip-download", "--compact"
    )
    assert re.search(r"Passed checks: [1-9]\d*, Failed checks: 0", said)
    assert "parsing error" not in said.lower()


@pytest.mark.deploy
def test_checkov_knows_what_is_wrong(tmp_path: Path) -> None:
    """A bucket that anybody may read is found, by the same command."""
    shutil.copytree(FOLDER, tmp_path / "terraform")
    storage = tmp_path / "terraform" / "storage.tf"
    storage.write_text(storage.read_text().replace('"enforced"', '"inherited"'))
    with pytest.raises(AssertionError, match="CKV_GCP_114"):
        run(
            checker("checkov"), "--directory", tmp_path, "--framework", "terraform", "--skip-download", "--compact"
        )


@pytest.mark.deploy
def test_terraform_would_format_it_so() -> None:
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not here, and no package registry has it")
    run("terraform", "fmt", "-check", "-diff", FOLDER)
