"""A proxy on the loopback interface for tests: CONNECT and whole addresses, with a password if one is asked for."""

from __future__ import annotations

import base64
import socket
import threading
from contextlib import suppress
from typing import List, Optional
from urllib.parse import urlsplit

DEADLINE = 60.0


class Proxy:
    """Passes everything on. ``asked`` has the first line of each request, ``named`` leads hosts that do not exist to others."""

    def __init__(self, user: Optional[str] = None, password: str = "") -> None:
        self.asked: List[str] = []
        self.named = {"platform.example": "127.0.0.1"}
        pair = f"{user}:{password}".encode()
        self._wanted = None if user is None else b"Basic " + base64.b64encode(pair)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        """From now on connections are refused."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, client: socket.socket) -> None:
        client.settimeout(DEADLINE)
        with client, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                piece = client.recv(65_536)
                if not piece:
                    return
                head += piece
            head, _, rest = head.partition(b"\r\n\r\n")
            lines = head.split(b"\r\n")
            self.asked.append(lines[0].decode())
            if self._wanted is not None and b"Proxy-Authorization: " + self._wanted not in lines:
                client.sendall(
                    b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )
                return
            method, target, _ = lines[0].decode().split(" ")
            url = urlsplit(f"//{target}" if method == "CONNECT" else target)
            host = self.named.get(url.hostname or "", url.hostname or "")
            with socket.create_connection((host, url.port or 80), DEADLINE) as server:
                if method == "CONNECT":
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    path = target.partition(url.netloc)[2]
                    kept = [line for line in lines[1:] if not line.startswith(b"Proxy-")]
                    server.sendall(b"\r\n".join([f"{method} {path} HTTP/1.1".encode(), *kept, b"", b""]) + rest)
                back = threading.Thread(target=_pass_on, args=(server, client), daemon=True)
                back.start()
                _pass_on(client, server)
                back.join(DEADLINE)


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while True:
            piece = source.recv(65_536)
            if not piece:
                break
            sink.sendall(piece)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
