"""Refusals: what a Pub/Sub error means to the person who runs the command, in one line with what to do."""

from __future__ import annotations

from typing import Final

from google.api_core import exceptions as api
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError

from pipelines.pubsub.endpoint import EMULATOR_VARIABLE, SERVICE, emulator_address
from pipelines.pubsub.names import Resource
from schemas.errors import TribometerError

TRANSIENT: Final = (
    api.ServiceUnavailable,
    api.DeadlineExceeded,
    api.ResourceExhausted,
    api.Aborted,
    api.Cancelled,
    api.InternalServerError,
    api.Unauthenticated,
    api.Unknown,
    api.NotFound,
    GoogleAuthError,
)
"""Worth trying again while a program runs: a server comes back, credentials are renewed, a resource is made again."""

_LOG_IN: Final = (
    "log in with `gcloud auth application-default login`, or name a service account's key file in "
    "GOOGLE_APPLICATION_CREDENTIALS"
)
_SUBSCRIBE: Final = "gcloud pubsub subscriptions add-iam-policy-binding {0.name} --project={0.project}"
_PUBLISH: Final = "gcloud pubsub topics add-iam-policy-binding {0.name} --project={0.project}"
_GRANTS: Final = {
    "subscriptions": f"`{_SUBSCRIBE} --member=serviceAccount:ACCOUNT --role=roles/pubsub.subscriber`",
    "topics": f"`{_PUBLISH} --member=serviceAccount:ACCOUNT --role=roles/pubsub.publisher`",
    "schemas": "roles/pubsub.editor on the project",
}


def explained(error: Exception, about: Resource) -> str:
    """One line: what is wrong with `about`, and what to do."""
    text = _in_words(error, about)
    return " ".join(text.split())


def refusal(error: Exception, about: Resource) -> TribometerError:
    """The error to raise in place of a client library's."""
    return TribometerError(explained(error, about))


def _in_words(error: Exception, about: Resource) -> str:
    detail = getattr(error, "message", "") or str(error) or type(error).__name__
    if isinstance(error, DefaultCredentialsError):
        return f"{about}: there are no Google Cloud credentials here; {_LOG_IN}"
    if isinstance(error, (GoogleAuthError, api.Unauthenticated)) or "metadata from plugin" in detail:
        return f"{about}: the Google Cloud credentials are expired or not valid; {_LOG_IN}"
    if isinstance(error, api.NotFound):
        return f"{about}: {_not_found(about)}"
    if isinstance(error, api.PermissionDenied):
        return f"{about}: no permission ({detail}); grant it with {_GRANTS[about.kind].format(about)}"
    if isinstance(error, (api.ServiceUnavailable, api.DeadlineExceeded)):
        return f"{about}: {_unreachable(error)}"
    if isinstance(error, api.ResourceExhausted):
        return f"{about}: Pub/Sub refuses more for now ({detail}); it is a quota, or too large a message"
    if isinstance(error, api.FailedPrecondition) and about.kind == "subscriptions":
        return f"{about}: cannot be pulled from ({detail}); a listener needs a subscription of delivery type pull"
    if isinstance(error, (api.MethodNotImplemented, api.Unknown, api.InternalServerError)):
        return f"{about}: {_endpoint()} answers, but not as Pub/Sub does ({detail}); check {EMULATOR_VARIABLE}"
    return f"{about}: Pub/Sub refused: {detail}"


def _not_found(about: Resource) -> str:
    kind = about.kind.removesuffix("s")
    option = f" --{kind} {about.name}" if about.kind != "schemas" else ""
    hint = f"make it with `tribometer pubsub init --project {about.project}{option}`"
    if emulator_address():
        hint += "; an emulator forgets everything when it restarts"
    return f"there is no such {kind} at {_endpoint()}; check the spelling, or {hint}"


def _unreachable(error: Exception) -> str:
    what = "does not answer" if isinstance(error, api.DeadlineExceeded) else "cannot be reached"
    if emulator_address():
        return f"the emulator at {_endpoint()} {what}; start it, or correct or unset {EMULATOR_VARIABLE}"
    return f"{_endpoint()} {what}; check the network, or set {EMULATOR_VARIABLE} to use an emulator"


def _endpoint() -> str:
    return emulator_address() or SERVICE
