"""Servers that misbehave: each way to answer is a function of the connection and the path asked for."""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Answer = Callable[[socket.socket, str], None]
SITE = Path(__file__).parents[1] / "golden" / "site-grown"


def reply(*head: str, body: bytes = b"", status: str = "200 OK") -> bytes:
    """An HTTP response with these header lines."""
    return "\r\n".join([f"HTTP/1.1 {status}", *head, "Connection: close", "", ""]).encode() + body


def whole(connection: socket.socket, path: str) -> None:
    """The file of a good site."""
    file = SITE / path
    if file.is_file():
        body = file.read_bytes()
        connection.sendall(reply(f"Content-Length: {len(body)}", body=body))
    else:
        connection.sendall(reply("Content-Length: 0", status="404 Not Found"))


def says(data: bytes) -> Answer:
    return lambda connection, path: connection.sendall(data)


def redirects(to: str) -> Answer:
    return says(reply(f"Location: {to}", "Content-Length: 0", status="302 Found"))


def _forever(connection: socket.socket, parts: Iterator[bytes], pause: float = 0.0) -> None:
    for part in parts:
        connection.sendall(part)
        time.sleep(pause)


def endless(connection: socket.socket, path: str) -> None:
    _forever(connection, itertools.chain([reply()], itertools.repeat(b" " * 65_536)))


def endless_chunks(connection: socket.socket, path: str) -> None:
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    _forever(
        connection, itertools.chain([reply("Transfer-Encoding: chunked")], itertools.repeat(chunk))
    )


def endless_headers(connection: socket.socket, path: str) -> None:
    lines = (f"X-{number}: {'a' * 60_000}\r\n".encode() for number in itertools.count())
    _forever(connection, itertools.chain([b"HTTP/1.1 200 OK\r\n"], lines))


def slow(connection: socket.socket, path: str) -> None:
    _forever(connection, itertools.chain([reply()], itertools.repeat(b" ")), 0.05)


def slow_headers(connection: socket.socket, path: str) -> None:
    _forever(connection, itertools.chain([b"HTTP/1.1 200 OK\r\nX: "], itertools.repeat(b"a")), 0.05)


def silent(connection: socket.socket, path: str) -> None:
    _forever(connection, itertools.repeat(b""), 0.05)


def cut(connection: socket.socket, path: str) -> None:
    body = (SITE / path).read_bytes() if (SITE / path).is_file() else b"x" * 100
    connection.sendall(reply(f"Content-Length: {len(body)}", body=body[: len(body) // 2]))


def reset(connection: socket.socket, path: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def bomb(connection: socket.socket, path: str) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = packer.compress(bytes(64 << 20)) + packer.flush()
    connection.sendall(reply(f"Content-Length: {len(body)}", "Content-Encoding: gzip", body=body))


ANSWERS: dict[str, Answer] = {
    "whole": whole,
    "endless": endless,
    "endless chunks": endless_chunks,
    "endless headers": endless_headers,
    "slow": slow,
    "slow headers": slow_headers,
    "silent": silent,
    "cut": cut,
    "reset": reset,
    "bomb": bomb,
    "nothing": says(b""),
    "noise": says(bytes(range(256)) * 40),
    "no HTTP": says(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "odd status": says(b"HTTP/1.1 9999999999999999999999 \xff\r\n\r\n"),
    "no content": says(reply(status="204 No Content")),
    "error": says(reply("Content-Length: 0", status="500 \x1b[31mred")),
    "login": says(reply("WWW-Authenticate: Basic", "Content-Length: 0", status="401 No")),
    "page": says(reply("Content-Type: text/html", body=b"<!doctype html><script>1</script>")),
    "huge length": says(reply("Content-Length: 99999999999999999999999999", body=b"{}")),
    "negative length": says(reply("Content-Length: -5", body=b"{}")),
    "odd length": says(reply("Content-Length: \u0663", body=b"{}")),
    "odd chunk": says(reply("Transfer-Encoding: chunked", body=b"zz\r\n{}\r\n")),
    "negative chunk": says(reply("Transfer-Encoding: chunked", body=b"-5\r\n{}\r\n")),
    "huge chunk": says(reply("Transfer-Encoding: chunked", body=b"f" * 40 + b"\r\n{}")),
    "other gzip": says(reply("Content-Encoding: gzip", body=b"\x1f\x8b\x08nonsense")),
    "deep": says(reply(body=b"[" * 1_000_000)),
    "numbers": says(reply(body=b'{"format": "imagedb-site", "version": ' + b"9" * 100_000 + b"}")),
    "loop": redirects("manifest.json"),
    "to a file": redirects("file:///etc/passwd"),
    "to ftp": redirects("ftp://127.0.0.1/x"),
    "to data": redirects("data:application/json,{}"),
    "to nothing": redirects(""),
    "to noise": redirects("http://[::"),
    "to another port": redirects("http://127.0.0.1:1/x"),
}
"""Ways to answer, by name; all but `whole` are wrong."""


class Host:
    """A server on this machine that answers in one of these ways; `rest` is for all but the manifest."""

    def __init__(self, answer: Answer, rest: Answer | None = None) -> None:
        self._answers = answer, rest or answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open = True
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/site/"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while self._open:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError, ValueError):
            connection.settimeout(20)
            data = b""
            while b"\r\n\r\n" not in data and (part := connection.recv(65_536)):
                data += part
            path = data.split(b" ")[1].decode().removeprefix("/site/")
            self._answers[path != "manifest.json"](connection, path)

    def stop(self) -> None:
        self._open = False
        self._socket.close()


@contextmanager
def hosted(answer: str, rest: str | None = None) -> Iterator[Host]:
    host = Host(ANSWERS[answer], None if rest is None else ANSWERS[rest])
    try:
        yield host
    finally:
        host.stop()
