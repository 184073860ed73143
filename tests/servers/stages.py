"""The stages of an upload and what else is asked of an S3 server."""

from urllib.parse import parse_qs, urlsplit

from tests.servers.wire import Message

#: What a request is for. `any` in a plan counts them all.
STAGES = (
    "create", "put", "copy", "multipart_start", "multipart_part", "multipart_complete", "multipart_abort",
    "head", "get", "list", "delete", "other",
)  # fmt: skip


def stage_of(request: Message) -> str:
    """What an S3 request is for."""
    method, target = request.method, urlsplit(request.target)
    query = parse_qs(target.query, keep_blank_values=True)
    is_key = "/" in target.path.strip("/") and not target.path.endswith("/")
    of_upload = {"POST": "multipart_complete", "PUT": "multipart_part", "DELETE": "multipart_abort", "GET": "list"}
    if "uploadId" in query:
        return of_upload[method]
    if method == "POST":
        return "multipart_start" if "uploads" in query else "delete" if "delete" in query else "other"
    if method == "PUT" and is_key:
        return "copy" if "x-amz-copy-source" in request.headers else "create" if request.is_create else "put"
    if method == "GET":
        return "get" if is_key else "list"
    return {"HEAD": "head", "DELETE": "delete"}.get(method, "other")
