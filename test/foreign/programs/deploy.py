"""One release to one environment, by a client that was generated from the OpenAPI document.

deploy.py URL USERNAME PASSWORD ARCHIVE MANIFEST: ends with 0 when the deployment has succeeded.
"""

import sys
import time
from pathlib import Path

from tidegate_client import AuthenticatedClient, Client
from tidegate_client.api.authentication import authentication_login
from tidegate_client.api.deployments import deployments_create, deployments_detail, deployments_list
from tidegate_client.api.releases import releases_get, releases_push
from tidegate_client.models.deployment_request import DeploymentRequest
from tidegate_client.models.login import Login
from tidegate_client.models.problem import Problem
from tidegate_client.models.releases_push_body import ReleasesPushBody
from tidegate_client.types import File

FINAL = {"Succeeded", "Failed", "RolledBack", "RollbackFailed", "Cancelled", "Rejected"}


def told(answer):
    """What was answered; ends the program with its text where that is a problem."""
    if answer is None or isinstance(answer, Problem):
        sys.exit(f"refused: {answer}")
    return answer


url, username, password, archive, manifest = sys.argv[1:]
login = told(
    authentication_login.sync(client=Client(base_url=url), body=Login(username=username, password=password))
)
client = AuthenticatedClient(base_url=url, token=login.access_token)

with Path(archive).open("rb") as artifact:
    push = ReleasesPushBody(
        version="1.0.0",
        manifest=Path(manifest).read_text(),
        artifact=File(payload=artifact, file_name="artifact.tar.gz"),
    )
    told(releases_push.sync("generated", client=client, body=push))
release = told(releases_get.sync("generated", "1.0.0", client=client))
assert release.manifest.run.command == "node", release.manifest

request = DeploymentRequest(module_name="generated", version="1.0.0", target_environment="Development")
accepted = told(deployments_create.sync(client=client, body=request, idempotency_key="once"))
again = told(deployments_create.sync(client=client, body=request, idempotency_key="once"))
assert again.id == accepted.id, (again.id, accepted.id)

deadline = time.monotonic() + 90
while True:
    deployment = told(deployments_detail.sync(accepted.id, client=client))
    if deployment.status.value in FINAL or time.monotonic() > deadline:
        break
    time.sleep(0.3)
listed = told(deployments_list.sync(client=client, module="generated"))
assert [one.id for one in listed.items] == [accepted.id], listed
print(deployment.status.value)
sys.exit(0 if deployment.status.value == "Succeeded" else 1)
