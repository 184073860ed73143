"""A fault proxy that counts what the server sends of objects."""

from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.servers.proxy import FaultProxy
from tests.servers.stages import stage_of
from tests.servers.wire import Message


@dataclass
class CountingProxy(FaultProxy):
    """`sent` has the bytes of objects that came back, by path: a bucket, a slash and a key."""

    sent: Counter[str] = field(default_factory=Counter)

    def sent_of(self, text: str) -> int:
        """Bytes of the objects whose path has `text` in it."""
        return sum(count for path, count in self.sent.items() if text in path)

    def reset(self) -> None:
        """Forget these counts as well."""
        super().reset()
        self.sent.clear()

    def _forward(self, request: Message) -> Message:
        reply = super()._forward(request)
        if stage_of(request) == "get":
            with self._lock:
                self.sent[urlsplit(request.target).path.strip("/")] += len(reply.body)
        return reply
