"""Names of Pub/Sub resources: `projects/PROJECT/KIND/NAME`, checked before any server is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from schemas.errors import UsageError

Kind = Literal["topics", "subscriptions", "schemas"]

# https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names; a project may carry a domain, as in example.com:p.
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9._~%+-]{2,254}", re.ASCII)
_PROJECT: Final = re.compile(r"[a-z0-9.:-]{1,100}", re.ASCII)


@dataclass(frozen=True)
class Resource:
    """A topic, subscription or schema; `str()` is its path."""

    project: str
    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"projects/{self.project}/{self.kind}/{self.name}"


def resource(project: str, kind: Kind, name: str) -> Resource:
    """The resource of that name. Raises `UsageError` for a name or project that Pub/Sub would refuse."""
    if not _PROJECT.fullmatch(project):
        raise UsageError(f"{project!r} is not the ID of a project; `gcloud projects list` shows them")
    if not _NAME.fullmatch(name) or name.lower().startswith("goog"):
        raise UsageError(
            f"{name!r} cannot name one of Pub/Sub's {kind}: 3 to 255 letters, digits and . _ ~ % + -, "
            "beginning with a letter, not with goog"
        )
    return Resource(project, kind, name)


def parse_path(path: str, kind: Kind) -> Resource:
    """The resource that `projects/PROJECT/KIND/NAME` names. Raises `UsageError` for any other spelling."""
    parts = path.split("/")
    if len(parts) != 4 or parts[0] != "projects" or parts[2] != kind:
        raise UsageError(f"{path!r} is not the path of one of the {kind}; write projects/PROJECT/{kind}/NAME")
    return resource(parts[1], kind, parts[3])
