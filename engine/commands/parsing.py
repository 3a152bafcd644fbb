"""Arguments that cannot be used are told in one line, as every other foreseeable error is."""

from __future__ import annotations

import argparse
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """Exits with 2 and one line that says what is wrong and where help is; sub-commands do the same."""

    def error(self, message: str) -> NoReturn:
        """End the program (signature of the standard library's parsers)."""
        self.exit(2, f"{self.prog}: {' '.join(message.split())}; see {self.prog} --help\n")
