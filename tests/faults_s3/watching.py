"""A fault proxy that keeps the heads of requests, and can refuse as AWS does: with the request in the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.servers.proxy import FaultProxy
from tests.servers.stages import stage_of
from tests.servers.wire import Message

#: Code, status line and more of the body: "Error responses" of the Amazon S3 API reference.
REFUSALS = {
    "SignatureDoesNotMatch": "403 Forbidden",
    "InvalidAccessKeyId": "403 Forbidden",
    "AccessDenied": "403 Forbidden",
    "ExpiredToken": "400 Bad Request",
    "InvalidToken": "400 Bad Request",
    "RequestTimeTooSkewed": "403 Forbidden",
    "PermanentRedirect": "301 Moved Permanently",
    "AuthorizationHeaderMalformed": "400 Bad Request",
    "NoSuchBucket": "404 Not Found",
    "InternalError": "500 Internal Server Error",
    "SlowDown": "503 Slow Down",
    "KMS.NotFoundException": "400 Bad Request",
    "InvalidStorageClass": "400 Bad Request",
    "QuotaExceeded": "507 Insufficient Storage",
    "Unheard.Of": "400 Bad Request",
}


def refusal(code: str, request: Message) -> Message:
    """Build an answer that repeats the request, keys and token and all, as S3 does when a signature is wrong."""
    seen = "\n".join(f"{name}:{value}" for name, value in sorted(request.headers.items()))
    more = "".join(f"<{name}>{value}</{name}>" for name, value in sorted(request.headers.items()) if "-" in name)
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>Said of {seen}</Message>'
        f"<AWSAccessKeyId>{request.headers.get('authorization', '')}</AWSAccessKeyId>"
        f"<CanonicalRequest>{request.method}\n{request.target}\n{seen}</CanonicalRequest>"
        f"<Token-0>{request.headers.get('x-amz-security-token', '')}</Token-0>{more}"
        "<Region>eu-central-1</Region><RequestId>4442587FB7D0A2F9</RequestId></Error>"
    ).encode()
    if request.method == "HEAD":
        body = b""
    head = f"HTTP/1.1 {REFUSALS[code]}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n\r\n"
    return Message(head.encode(), body)


@dataclass
class WatchingProxy(FaultProxy):
    """Besides faults: `seen` has stage and request without body of all that came through.

    `refuse` names the stages, or `any`, at which every request is refused with `code`.
    """

    seen: list[tuple[str, Message]] = field(default_factory=list)
    refuse: str = ""
    code: str = "AccessDenied"

    def reset(self) -> None:
        """Forget what was planned and seen."""
        super().reset()
        self.seen.clear()
        self.refuse = ""

    def _forward(self, request: Message) -> Message:
        stage = stage_of(request)
        self.seen.append((stage, Message(request.head)))
        if {stage, "any"} & set(self.refuse.split()):
            return refusal(self.code, request)
        return super()._forward(request)

    def sent(self, folder: str = "") -> list[str]:
        """Keys below a folder of which bytes were sent, in the order of sending; multipart uploads by each part."""
        paths = [
            urlsplit(request.target).path
            for stage, request in self.seen
            if stage in {"put", "create", "copy", "multipart_start", "multipart_part", "multipart_complete"}
        ]
        return [path for path in paths if f"/{folder}" in path]
