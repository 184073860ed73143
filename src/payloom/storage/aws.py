"""The usual AWS chain: environment, profile, web identity, container and instance roles."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import botocore.config
import botocore.exceptions
import botocore.session

from payloom.errors import StorageError, TransientError
from payloom.storage.object_failures import meaning_of_code

if TYPE_CHECKING:
    from payloom.storage.address import StoreOptions

CREDENTIALS_KEPT: Final = timedelta(minutes=5)
"""How long a set of credentials is used before the chain is asked again; botocore renews them well before they end."""

DEFAULT_REGION: Final = "us-east-1"

_HOW_TO_LOG_IN: Final = (
    "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role is attached"
)


class Aws:
    """One way into AWS: credentials, region and endpoint.

    Parameters
    ----------
    options
        What the user chose.

    Raises
    ------
    StorageError
        If the profile does not exist or the configuration can't be read.
    """

    def __init__(self, options: StoreOptions) -> None:
        with aws_faults("use the AWS configuration"):
            self._session = botocore.session.Session(profile=options.profile)
            scoped = self._session.get_scoped_config()
            self.region = (
                options.region
                or os.environ.get("AWS_REGION")
                or self._session.get_config_variable("region")
                or DEFAULT_REGION
            )
        self.endpoint_url = (
            options.endpoint_url
            or os.environ.get("AWS_ENDPOINT_URL_S3")
            or os.environ.get("AWS_ENDPOINT_URL")
            or scoped.get("endpoint_url")
            or None
        )
        if self.endpoint_url:
            _check_endpoint(self.endpoint_url)
        self._timeout_seconds = options.timeout_seconds

    def credentials(self) -> Callable[[], dict[str, Any]]:
        """Return what hands out the current credentials.

        Raises
        ------
        StorageError
            If the chain has none.
        """
        with aws_faults("get AWS credentials"):
            found = self._session.get_credentials()
            if found is None:
                raise StorageError("found no AWS credentials", hint=_HOW_TO_LOG_IN)
            found.get_frozen_credentials()

        def current() -> dict[str, Any]:
            frozen = found.get_frozen_credentials()
            return {
                "access_key_id": frozen.access_key,
                "secret_access_key": frozen.secret_key,
                "token": frozen.token,
                "expires_at": datetime.now(UTC) + CREDENTIALS_KEPT,
            }

        return current

    def client(self, service: str) -> Any:
        """Return a client of a service."""
        with aws_faults(f"use {service}"):
            return self._session.create_client(
                service,
                region_name=self.region,
                endpoint_url=self.endpoint_url if service == "s3" else None,
                config=botocore.config.Config(
                    connect_timeout=5,
                    read_timeout=self._timeout_seconds,
                    retries={"mode": "standard", "total_max_attempts": 4},
                    s3={"addressing_style": "path"} if self.endpoint_url else None,
                ),
            )


def _check_endpoint(url: str) -> None:
    """Refuse what is no address of a server; a password in it is not repeated."""
    if "@" in url:
        hint = f"leave them out and {_HOW_TO_LOG_IN}"
        raise StorageError("the endpoint's address holds a name or a password", hint=hint)
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0 and url.isprintable()
    except ValueError:
        is_address = False
    if not is_address or " " in url:
        raise StorageError(
            f"the endpoint {url[:80]!r} is no address of a server",
            hint="write it as https://HOST or http://HOST:PORT (--endpoint-url, AWS_ENDPOINT_URL or the profile)",
        )


@contextmanager
def aws_faults(action: str) -> Iterator[None]:
    """Turn what botocore raises in the block into one line with the way out.

    Raises
    ------
    StorageError
        If AWS refuses for good, or there is nobody to log in as.
    TransientError
        If AWS can't be reached, or asks to come back later.
    """
    try:
        yield
    except botocore.exceptions.ClientError as error:
        answer = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        # Not chained: what the server echoes of a request may hold a token.
        raise meaning_of_code(action, str(answer.get("Code", "")), str(answer.get("Message", "")), status) from None
    except (
        botocore.exceptions.NoCredentialsError,
        botocore.exceptions.PartialCredentialsError,
        botocore.exceptions.CredentialRetrievalError,
        botocore.exceptions.ProfileNotFound,
        botocore.exceptions.ConfigParseError,
    ) as error:
        raise StorageError(f"cannot {action}: {_one_line(error)}", hint=_HOW_TO_LOG_IN) from None
    except (botocore.exceptions.HTTPClientError, botocore.exceptions.ConnectionError) as error:
        raise TransientError(
            f"cannot {action}: {_one_line(error)}", hint="check network, endpoint and region, then run it again"
        ) from None
    except botocore.exceptions.BotoCoreError as error:
        hint = "check the AWS configuration and the options"
        raise StorageError(f"cannot {action}: {_one_line(error)}", hint=hint) from None


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
