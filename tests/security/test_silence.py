"""No library of ours tells anybody anything: what happens while the product is imported and reads a photo.

Python's audit sees what Python does.  Native code it does not see: there whoever reports leaves a name of this machine and a queue of
what is to be sent, in the home folder or among the temporary files.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

WATCHED = """
import importlib, json, os, pkgutil, sys, time
seen = []
def watch(event, arguments):
    if event in ("os.fork", "os.forkpty", "os.posix_spawn", "subprocess.Popen", "os.system", "socket.getaddrinfo", "urllib.Request"):
        seen.append([event, repr(arguments)[:200]])
    elif event == "socket.connect" and not isinstance(arguments[1], str | bytes):
        seen.append([event, repr(arguments[1])])
sys.addaudithook(watch)
for package in ("bot", "engine", "crawler", "db"):
    found = importlib.import_module(package)
    for module in pkgutil.walk_packages(found.__path__, package + "."):
        if not module.name.endswith("__main__") and "training" not in module.name:
            importlib.import_module(module.name)
from engine.__main__ import main
codes = []
for backend in ("openvino", "onnxruntime"):
    os.environ["INYEON_ENGINE__BACKEND"] = backend
    codes.append(main(["analyse", sys.argv[1]]))
time.sleep(1.0)  # some do it in a thread
loaded = [name for name, module in sys.modules.items() if name.startswith("openvino_telemetry") and module is not None]
sys.stderr.write("\\n" + json.dumps({"seen": seen, "codes": codes, "loaded": loaded}))
"""


def test_nobody_is_called_and_nothing_is_forked(tmp_path: Path) -> None:
    photo = next((ROOT / "engine" / "starter").rglob("*.jpg"))
    # A CI says so in its environment, and some libraries keep quiet only there.
    away = ("CI", "TF_BUILD", "JENKINS_URL", "GITHUB_ACTIONS", "ORT_DISABLE_TELEMETRY")
    kept = {name: value for name, value in os.environ.items() if name not in away and not name.startswith(("INYEON", "XDG_"))}
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    temporary.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, str(photo)],
        cwd=ROOT,
        env={**kept, "INYEON_PATHS__VAR": str(tmp_path / "var"), "HOME": str(home), "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    told = json.loads(done.stderr.splitlines()[-1])
    assert told == {"seen": [], "codes": [0, 0], "loaded": []}
    left = {str(path.relative_to(tmp_path)) for folder in (home, temporary) for path in folder.rglob("*") if path.is_file()}
    assert not {path for path in left if "/matplotlib/" not in path}
