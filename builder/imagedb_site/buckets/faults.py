"""What stores answer if something is wrong, as errors of one sentence."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from imagedb_site.errors import ImageDBError, StorageError

_NO_CREDENTIALS = {
    *("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"),
    *("TokenRetrievalError", "SSOTokenLoadError", "UnauthorizedSSOTokenError", "ProfileNotFound"),
    *("DefaultCredentialsError", "RefreshError", "ClientAuthenticationError"),
}
"""Classes of errors about credentials, of the libraries for S3, Google Cloud and Azure."""
_NOT_GIVEN = ("Unable to locate credentials", "account_name with credentials")
_EXPIRED = ("ExpiredToken", "TokenRefreshRequired", "RequestExpired", "ExpiredSession")
_WRONG = (
    *("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "AuthenticationFailed"),
    *("Invalid Credentials", "failed to authenticate the request"),
)
_BUSY = (
    *(
        "SlowDown",
        "reduce your request rate",
        "Throttling",
        "TooManyRequests",
        "ServiceUnavailable",
    ),
    *("RequestLimitExceeded", "rateLimitExceeded", "ServerBusy"),
)
_NOT_REACHED = {
    *("EndpointConnectionError", "ConnectTimeoutError"),
    *("ClientConnectorError", "TransportError", "ServiceRequestError"),
}
_CREDENTIALS = (
    "Log in with the tool of the store: `aws configure` or `aws sso login`, "
    "`gcloud auth application-default login`, or for Azure set AZURE_STORAGE_CONNECTION_STRING."
)


class MissingObjectError(StorageError):
    """There is no such object or bucket."""


class RefusedObjectError(StorageError):
    """The store does not let these credentials read or write one object."""


@contextmanager
def store_errors(place: str, verb: str) -> Iterator[None]:
    """Turns what a library for a store raises into a StorageError about `place`.

    Other errors of this program pass. A missing object raises MissingObjectError, permission that is denied
    RefusedObjectError.
    """
    try:
        yield
    except ImageDBError:
        raise
    except Exception as error:
        raise _translated(error, place, verb) from error


def _translated(error: Exception, place: str, verb: str) -> StorageError:
    chain = list(_chain(error))
    names = {kind.__name__ for one in chain for kind in type(one).__mro__}
    texts = " ".join(str(one) for one in chain)
    start = f"Cannot {verb} {place}"
    if names & _NO_CREDENTIALS or any(words in texts for words in _NOT_GIVEN):
        return StorageError(f"{start}: there are no valid credentials for it.", _CREDENTIALS)
    if any(code in texts for code in _EXPIRED) or "token has expired" in texts.lower():
        return StorageError(f"{start}: the credentials have expired.", _CREDENTIALS)
    if any(code in texts for code in _WRONG) or _status(chain) == 401:
        return StorageError(f"{start}: the store does not know the credentials.", _CREDENTIALS)
    if any(isinstance(one, FileNotFoundError) for one in chain):
        return MissingObjectError(
            f"{start}: it does not exist.", "Check the address for typing errors."
        )
    forbidden = any(str(one).startswith("Forbidden: ") for one in chain)  # in the words of gcsfs
    if forbidden or any(isinstance(one, PermissionError) for one in chain) or _status(chain) == 403:
        return RefusedObjectError(
            f"{start}: permission is denied.",
            "Give these credentials the right to list, read and, to publish, write and delete there.",
        )
    busy = any(code in texts for code in _BUSY) or _status(chain) in (429, 503)
    if busy or _number(chain) == errno.EBUSY:
        return StorageError(
            f"{start}: the store is too busy, also after several tries.",
            "Run the same command again later; what is done is not done again.",
        )
    if names & _NOT_REACHED or any(isinstance(one, ConnectionError) for one in chain):
        return StorageError(
            f"{start}: the store cannot be reached.", "Check the address and the connection."
        )
    if any(isinstance(one, TimeoutError) for one in chain) or any("Timeout" in n for n in names):
        return StorageError(
            f"{start}: the store does not answer in time.", "Run the same command again."
        )
    reason = str(error).rstrip(".") or type(error).__name__
    return StorageError(f"{start}: {reason}.", "Run the same command again.")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it was raised from; at most a few."""
    for _ in range(8):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _number(chain: list[BaseException]) -> int | None:
    return next((one.errno for one in chain if isinstance(one, OSError) and one.errno), None)


def _status(chain: list[BaseException]) -> int | None:
    """The status of the answer, if the error of the library has it."""
    for one in chain:
        for name in ("status", "status_code", "code"):
            found = getattr(one, name, None)
            if isinstance(found, int):
                return found
    return None
