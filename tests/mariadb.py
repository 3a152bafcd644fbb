"""A MariaDB server for the tests: started from the system's binaries in a folder of its own, stopped by its process."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pymysql

from tests.ports import free_port

START_SECONDS = 120


def binary(*names: str) -> str | None:
    """Path of the first of `names` that is installed; servers often lie outside a user's PATH."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/usr/libexec"])
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def missing() -> str | None:
    """What keeps a server from being started here, None if nothing does."""
    if binary("mariadbd", "mysqld") is None:
        return "MariaDB is not installed (Debian: apt-get install mariadb-server)"
    if binary("mariadb-install-db", "mysql_install_db") is None:
        return "mariadb-install-db is not installed (Debian: apt-get install mariadb-server)"
    return None


class Server:
    """A server on a free port of the loopback interface, user root without a password, data in a temporary folder."""

    def __init__(self) -> None:
        # Short, since a socket's path has at most 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="inyeon-db-"))
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0

    def install(self) -> None:
        """Make the system tables; about two seconds."""
        command = [
            str(binary("mariadb-install-db", "mysql_install_db")),
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            *self._user(),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=START_SECONDS)
        if done.returncode != 0:
            raise RuntimeError(f"mariadb-install-db failed:\n{done.stdout}\n{done.stderr}")

    def start(self) -> None:
        """Start, again on the same port if it ran before, and wait until it answers."""
        if not self.port:
            self.port = free_port()
        command = [
            str(binary("mariadbd", "mysqld")),
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            f"--socket={self.folder / 's'}",
            f"--pid-file={self.folder / 'pid'}",
            f"--log-error={self.folder / 'log'}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--skip-log-bin",
            "--performance-schema=OFF",
            "--max-connections=200",
            "--innodb-buffer-pool-size=128M",
            # Tests need the isolation, not the disk: a write survives the process, not a power cut.
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-doublewrite=0",
            *self._user(),
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.run("SELECT 1")
            except pymysql.MySQLError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError(f"MariaDB did not start:\n{self.log()}") from None
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Stop; the data stays for another `start`."""
        self._end(kill=False)

    def kill(self) -> None:
        """End as a crash does."""
        self._end(kill=True)

    def remove(self) -> None:
        """Stop and delete everything."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        """The last of what the server complained about."""
        file = self.folder / "log"
        return file.read_text(encoding="utf-8", errors="replace")[-3000:] if file.exists() else ""

    def url(self, name: str) -> str:
        """`database.url` of the database called `name`."""
        return f"mysql+pymysql://root@127.0.0.1:{self.port}/{name}"

    def make_database(self) -> str:
        """A new empty database; its name.  The server's default collation, as an operator's may be, is not ours."""
        self._made += 1
        name = f"test_{self._made}"
        self.run(f"CREATE DATABASE {name}")
        return name

    def run(self, *statements: str) -> None:
        """Run statements as root outside any database."""
        connection = pymysql.connect(host="127.0.0.1", port=self.port, user="root", autocommit=True)
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()

    def _end(self, *, kill: bool) -> None:
        if self._process is None:
            return
        if kill:
            self._process.kill()
        else:
            self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(30)
        self._process = None

    @staticmethod
    def _user() -> list[str]:
        # As root the server refuses to start unless told that it is meant.
        return ["--user=root"] if os.geteuid() == 0 else []
