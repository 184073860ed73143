"""Options of the commands that talk to an object store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

_REACH: Final = (
    ("--endpoint-url", "URL", "Address of an S3-compatible server.  [URL; default: AWS_ENDPOINT_URL, then AWS itself]"),
    ("--region", "NAME", "Region of the bucket.  [name; default: AWS_REGION, the profile's, us-east-1]"),
    ("--profile", "NAME", "Profile of the AWS configuration.  [name; default: AWS_PROFILE]"),
    ("--timeout", "SECONDS", "Wait this long for an answer of the store, then ask again.  [seconds; default: 60]"),
)
_WRITE: Final = (
    ("--sse", "KIND", "Encryption by the store: AES256, aws:kms or aws:kms:dsse.  [name; default: the bucket's]"),
    ("--sse-kms-key-id", "ID", "Key for the aws:kms kinds.  [id; default: the account's]"),
    ("--storage-class", "NAME", "Storage class of the data, such as STANDARD_IA.  [name; default: the bucket's]"),
    ("--part-size", "SIZE", "Size of the pieces that larger files go up in.  [bytes; default: 8MiB]"),
    ("--concurrency", "N", "Files on their way at the same time.  [files; default: 3]"),
)


def reach_options(command: Command) -> Command:
    """Add what a command needs to reach an object store."""
    return _added(command, _REACH)


def store_options(command: Command) -> Command:
    """Add what a command needs to reach an object store and to write there."""
    return _added(_added(command, _WRITE), _REACH)


def _added(command: Command, options: tuple[tuple[str, str, str], ...]) -> Command:
    for flag, metavar, text in reversed(options):
        command = click.option(flag, metavar=metavar, help=text)(command)
    return command
