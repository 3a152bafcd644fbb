"""Serving runs where torch and the other learning packages do not exist."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

PROGRAM = """
import importlib, sys

UNWANTED = {"torch", "torchvision", "facenet_pytorch", "efficientnet_lite_pytorch", "matplotlib", "psutil", "playwright", "pytest", "scipy"}

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in UNWANTED:
            raise ModuleNotFoundError(f"No module named {name!r} (a serving installation has none)", name=name)

sys.meta_path.insert(0, Absent())
for name in sys.argv[1:]:
    importlib.import_module(name)
found = UNWANTED & {name.partition(".")[0] for name in sys.modules}
assert not found, found
print("serving")
"""


def test_bot_and_engine_import_without_what_only_learning_needs() -> None:
    names = ["run_bot", "bot.app", "bot.local.server", "engine.analysis", "engine.__main__", "db.session"]
    done = subprocess.run([sys.executable, "-c", PROGRAM, *names], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "serving"
