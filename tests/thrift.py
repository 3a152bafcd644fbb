"""What each test's own database would cost anew, kept between tests: compiled statements, TLS certificates.

A process that serves compiles a statement once; tests open a database each, and three quarters of a short test went into compiling.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pymysql.connections
import pytest
from sqlalchemy import Engine

from db import engines


class Compiled(dict[Any, Any]):
    """SQLAlchemy's cache of compiled statements for the engines of one kind; its keys begin with an engine's own dialect."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key[1:], value)


@contextmanager
def shared() -> Iterator[None]:
    """Let engines of one kind compile for one another, and read the machine's certificates once."""
    caches: dict[tuple[str, bool], Compiled] = {}
    make: Callable[..., Engine] = engines.make

    def thrifty(*args: Any, read_only: bool, **named: Any) -> Engine:
        engine = make(*args, read_only=read_only, **named)
        engine.update_execution_options(compiled_cache=caches.setdefault((engine.dialect.name, read_only), Compiled()))
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "make", thrifty)
        connection: Any = pymysql.connections.Connection
        plain = connection._create_ssl_ctx  # the driver reads the certificates for each connection, used or not
        once = functools.cache(lambda _options: plain(connection.__new__(connection), {}))
        patch.setattr(connection, "_create_ssl_ctx", lambda self, options: plain(self, options) if options else once(()))
        yield
