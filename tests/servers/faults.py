"""What the fault proxy can do to a request, and the replies that it makes up."""

from dataclasses import dataclass

#: S3 keeps a slow CompleteMultipartUpload alive with white space.
BLANKS = " \n \n" * 3


@dataclass(frozen=True)
class Answer:
    """A made-up reply to a request that the server never sees."""

    status: str
    code: str = ""
    message: str = ""
    headers: str = ""
    keep_alive: bool = True
    html: bool = False
    blanks_first: bool = False
    blanks_inside: bool = False

    def body(self) -> str:
        """Error document, as S3 or a gateway words it."""
        if self.html:
            return f"<html><head><title>{self.status}</title></head><body><h1>{self.status}</h1></body></html>\r\n"
        return (
            f'{BLANKS * self.blanks_first}<?xml version="1.0" encoding="UTF-8"?>\n{BLANKS * self.blanks_inside}'
            f"<Error><Code>{self.code}</Code><Message>{self.message}</Message>"
            "<RequestId>4442587FB7D0A2F9</RequestId></Error>"
        )


#: Codes and statuses: "Error responses" of the Amazon S3 API reference.
ANSWERS = {
    "status_500": Answer("500 Internal Server Error", "InternalError", "We encountered an internal error."),
    "status_503_slowdown": Answer("503 Slow Down", "SlowDown", "Please reduce your request rate."),
    "status_429": Answer("429 Too Many Requests", "TooManyRequests", "Too many requests.", "Retry-After: 1\r\n"),
    "status_400_request_timeout": Answer(
        "400 Bad Request",
        "RequestTimeout",
        "Your socket connection to the server was not read from or written to within the timeout period.",
        keep_alive=False,
    ),
    "status_403": Answer("403 Forbidden", "AccessDenied", "Access Denied"),
    "status_404_no_bucket": Answer("404 Not Found", "NoSuchBucket", "The specified bucket does not exist"),
    "status_409_conflict": Answer("409 Conflict", "ConditionalRequestConflict", "A conflicting operation occurred."),
    "status_301_wrong_region": Answer(
        "301 Moved Permanently",
        "PermanentRedirect",
        "The bucket you are attempting to access must be addressed using the specified endpoint.",
        "x-amz-bucket-region: eu-central-1\r\n",
    ),
    "bad_gateway_html": Answer("502 Bad Gateway", html=True),
    "error_200": Answer("200 OK", "InternalError", "We encountered an internal error.", blanks_inside=True),
    # The same with blanks before the XML declaration, which a strict parser refuses.
    "error_200_blanks": Answer("200 OK", "InternalError", "We encountered an internal error.", blanks_first=True),
}
#: The server has done what was asked; the reply suffers.
AFTER = ("lost_reply", "stall_reply", "truncated_reply", "flipped_reply", "slow", "kill_after")
#: Every fault by name:
#:
#: - the answers above: the body is read, the server sees nothing;
#: - reset_before: RST when the head has come; close_before: FIN without an answer, when the body has come too;
#: - reset_mid_body: the server gets half of the body, then both connections are cut, ours by RST;
#: - hang: no answer until the client, or the test, closes; garbage_reply: bytes that are not HTTP, then FIN;
#: - flipped_body: one bit of the body is changed on its way to the server;
#: - lost_reply: done, then RST instead of the reply; stall_reply: half of the reply, then nothing;
#: - truncated_reply: half of the reply, then FIN; flipped_reply: one bit of the reply's body is changed;
#: - slow: the reply comes in 20 pieces with a pause between two;
#: - kill_before, kill_after: a callback before forwarding, or when the server has done it; then RST.
FAULTS = (
    *ANSWERS, *AFTER, "reset_before", "reset_mid_body", "close_before", "hang", "garbage_reply", "flipped_body",
    "kill_before",
)  # fmt: skip


def error_reply(fault: str, method: str) -> bytes:
    """Give the bytes of a made-up reply; the one to HEAD has no body."""
    answer = ANSWERS[fault]
    data = b"" if method == "HEAD" else answer.body().encode()
    kind = "text/html" if answer.html else "application/xml"
    connection = "" if answer.keep_alive else "Connection: close\r\n"
    head = f"HTTP/1.1 {answer.status}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n"
    return f"{head}{answer.headers}{connection}\r\n".encode() + data
