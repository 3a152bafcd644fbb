"""Ports for servers that tests start: whoever asks the system for any port meanwhile, in another test, must not be given the same."""

from __future__ import annotations

import secrets
import socket
from pathlib import Path

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST, HIGHEST = 20_000, 32_768


def free_port() -> int:
    """A free port of the loopback interface below those that the system gives to whoever asks for any."""
    highest = min(HIGHEST, int(RANGE.read_text(encoding="ascii").split()[0])) if RANGE.exists() else HIGHEST
    if highest <= LOWEST + 1000:  # a machine that gives out nearly all of them
        return _bound(0)
    while True:
        try:
            return _bound(LOWEST + secrets.randbelow(highest - LOWEST))
        except OSError:
            continue


def _bound(port: int) -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))
        return int(probe.getsockname()[1])
