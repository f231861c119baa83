"""What the libraries for Google Cloud Storage and Azure raise, as errors of one sentence."""

from __future__ import annotations

import pytest

from imagedb_site.buckets import MissingObjectError, RefusedObjectError, store_errors
from imagedb_site.errors import StorageError


class HttpError(Exception):
    """As gcsfs raises it."""

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(f"{message}, {code}")
        self.code = code


class HttpResponseError(Exception):
    """As Azure's library raises it."""

    def __init__(self, status_code: int, message: str) -> None:
        super().__init__(message)
        self.status_code = status_code


class ClientConnectorError(OSError):
    """As aiohttp raises it, and its subclass for names that are not known."""


class ClientConnectorDNSError(ClientConnectorError):
    pass


class DefaultCredentialsError(Exception):
    pass


class ServiceRequestError(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "message", "kind"),
    [
        (DefaultCredentialsError("not found"), "there are no valid credentials", StorageError),
        (
            ValueError(
                "unable to connect to account for Must provide either a connection_string or "
                "account_name with credentials!!"
            ),
            "there are no valid credentials",
            StorageError,
        ),
        (HttpError(401, "Invalid Credentials"), "does not know the credentials", StorageError),
        (HttpError(401), "does not know the credentials", StorageError),
        (
            HttpResponseError(403, "Server failed to authenticate the request. Make sure …"),
            "does not know the credentials",
            StorageError,
        ),
        (OSError("Forbidden: b/x\nno access"), "permission is denied", RefusedObjectError),
        (
            HttpResponseError(403, "AuthorizationFailure"),
            "permission is denied",
            RefusedObjectError,
        ),
        (HttpError(429), "too busy", StorageError),
        (HttpResponseError(503, "ServerBusy"), "too busy", StorageError),
        (FileNotFoundError("b/x"), "it does not exist", MissingObjectError),
        (ClientConnectorDNSError("Cannot connect"), "cannot be reached", StorageError),
        (ServiceRequestError("Cannot connect"), "cannot be reached", StorageError),
        (TimeoutError(), "does not answer in time", StorageError),
        (HttpError(500, "Backend Error"), "Backend Error", StorageError),
    ],
)
def test_errors_are_translated(error: Exception, message: str, kind: type[StorageError]) -> None:
    with (
        pytest.raises(StorageError, match=message) as raised,
        store_errors("gs://photos/all", "list"),
    ):
        raise error
    assert type(raised.value) is kind and raised.value.hint
    assert str(raised.value).startswith("Cannot list gs://photos/all: ")
