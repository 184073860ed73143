"""A loopback HTTP/1.1 proxy in front of an S3 server that does to the n-th request what a plan says.

Requests and replies are read whole and passed on byte for byte; `Host` is signed, so it stays as it is. Only
`Expect` is answered here and taken out (no client signs it).
"""

import itertools
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.servers.faults import AFTER, ANSWERS, FAULTS, error_reply
from tests.servers.stages import STAGES, stage_of
from tests.servers.wire import LostPeerError, Message, Wire

TRICKLE_PIECES = 20


@dataclass
class Entry:
    """One request as it was seen. `forwarded` says whether the server got it whole; `status` is what it answered."""

    number: int
    stage: str
    method: str
    target: str
    fault: str | None
    at_seconds: float
    forwarded: bool = False
    status: int | None = None


@dataclass
class _Plan:
    stage: str
    fault: str
    nth: int
    always: bool
    callback: Callable[[], object]
    delay_seconds: float
    seen: int = 0


@dataclass
class FaultProxy:
    """Stands between clients and the server at `upstream`; a context manager.

    `requests` counts requests, `counts` those of each stage, `log` has an `Entry` for each.
    """

    upstream: tuple[str, int]
    log: list[Entry] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    _plans: list[_Plan] = field(default_factory=list)
    _open: set[Wire] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)
    _stopped: bool = False

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._start(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._lock:
            self._stopped = True
            for wire in self._open:
                wire.shut()
        # A blocked accept() only wakes for a connection or a shutdown.
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=10)
        self._listener.close()

    @property
    def port(self) -> int:
        """Where the proxy listens."""
        return int(self._listener.getsockname()[1])

    @property
    def endpoint(self) -> str:
        """The address to give to a client."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> int:
        """How many requests came in since the start, or the last `reset`."""
        return len(self.log)

    @property
    def faults(self) -> list[Entry]:
        """The requests that met a fault."""
        return [entry for entry in self.log if entry.fault]

    def plan(
        self,
        stage: str,
        fault: str,
        *,
        nth: int = 1,
        always: bool = False,
        callback: Callable[[], object] = lambda: None,
        delay_seconds: float = 0.05,
    ) -> None:
        """Let a fault happen to the n-th request of a stage that comes from now on (`always`: to it and all later).

        Parameters
        ----------
        stage
            One of `STAGES`, or `any`.
        fault
            One of `FAULTS`.
        nth
            Counted from 1.
        always
            Not once, but from the n-th on.
        callback
            What `kill_before` and `kill_after` call.
        delay_seconds
            `slow`: the pause between two of the 20 pieces of the reply.
        """
        if stage not in {*STAGES, "any"} or fault not in FAULTS or nth < 1:
            raise ValueError(f"no such plan: {fault} at {stage} {nth}")
        with self._lock:
            self._plans.append(_Plan(stage, fault, nth, always, callback, delay_seconds))

    def reset(self) -> None:
        """Forget plans, counts and log."""
        with self._lock:
            self._plans.clear()
            self.counts.clear()
            self.log.clear()

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client = Wire(self._listener.accept()[0])
            except OSError:
                return
            with self._lock:
                if self._stopped:
                    client.close()
                    return
                self._open.add(client)
                self._start(self._serve, client)

    def _serve(self, client: Wire) -> None:
        try:
            while self._answer(client):
                pass
        except (LostPeerError, OSError):
            pass  # the client went away, or was sent away
        finally:
            with self._lock:
                self._open.discard(client)
            client.close()

    def _note(self, request: Message) -> tuple[Entry, _Plan | None]:
        """Log a request and find the fault that is planned for it."""
        stage = stage_of(request)
        with self._lock:
            self.counts[stage] += 1
            due = None
            for plan in self._plans:
                if plan.stage in {stage, "any"}:
                    plan.seen += 1
                    if due is None and (plan.seen == plan.nth or (plan.always and plan.seen > plan.nth)):
                        due = plan
            fault = due.fault if due else None
            entry = Entry(len(self.log) + 1, stage, request.method, request.target, fault, time.monotonic())
            self.log.append(entry)
        return entry, due

    def _answer(self, client: Wire) -> bool:
        """Serve one request; False when the connection is done with."""
        request = client.read_head()
        if request is None:
            return False
        entry, plan = self._note(request)
        fault = plan.fault if plan else None
        if fault in {"reset_before", "reset_mid_body"}:
            return self._cut(client, request, fault)
        self._invite(client, request)
        client.read_body(request)
        if fault == "flipped_body" and request.body:
            request.flip_bit()
        if fault in ANSWERS:
            client.send(error_reply(fault, entry.method))
            return ANSWERS[fault].keep_alive and request.keep_alive
        if plan and fault not in {*AFTER, "flipped_body"}:
            return self._go_silent(client, plan)
        reply = self._forward(request)
        entry.forwarded, entry.status = True, reply.status
        if plan and fault in AFTER:
            return self._spoil(client, plan, reply)
        client.send(reply.raw)
        return request.keep_alive and reply.keep_alive

    def _forward(self, request: Message) -> Message:
        with Wire(socket.create_connection(self.upstream, timeout=60)) as server:
            server.send(request.raw)
            reply = server.read_head()
            if reply is None:
                raise LostPeerError
            server.read_body(reply, bodyless=request.method == "HEAD")
            return reply

    def _go_silent(self, client: Wire, plan: _Plan) -> bool:
        """Faults without an answer to a request that the server never sees."""
        if plan.fault == "garbage_reply":
            client.send(b"\x16\x03\x01 \xff\x00 this is not HTTP\r\n\r\n" * 4)
            return False
        if plan.fault == "close_before":
            return False
        if plan.fault == "kill_before":
            plan.callback()
            return self._reset(client)
        client.drain()  # hang
        return False

    def _spoil(self, client: Wire, plan: _Plan, reply: Message) -> bool:
        """Faults of the way back: the server has done what was asked."""
        half = reply.raw[: len(reply.raw) // 2]
        if plan.fault == "flipped_reply":
            reply.flip_bit()
            client.send(reply.raw)
        elif plan.fault == "slow":
            size = -(-len(reply.raw) // TRICKLE_PIECES)
            for start in itertools.count(0, size):
                client.send(reply.raw[start : start + size])
                if start + size >= len(reply.raw) or self._stopped:
                    return reply.keep_alive
                time.sleep(plan.delay_seconds)
        elif plan.fault == "stall_reply":
            client.send(half)
            client.drain()
        elif plan.fault == "truncated_reply":
            client.send(half)
        else:  # lost_reply, kill_after
            plan.callback()
            return self._reset(client)
        return False

    @staticmethod
    def _invite(client: Wire, request: Message) -> None:
        """Ask for the body, where the client waits for that."""
        if request.headers.get("expect", "").lower() == "100-continue":
            client.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.drop("expect")

    def _cut(self, client: Wire, request: Message, fault: str) -> bool:
        """Reset the connection; in the middle of the body the server has got one half, and is cut off as well."""
        if fault == "reset_mid_body":
            self._invite(client, request)
            half = client.read_half_body(request)
            with Wire(socket.create_connection(self.upstream, timeout=60)) as server:
                server.send(request.head + half)
        return self._reset(client)

    @staticmethod
    def _reset(client: Wire) -> bool:
        client.reset()
        return False
