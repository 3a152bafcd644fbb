"""Set up .venv for `make`: check Python, disk and pip, then install the pinned lists that were asked for.

Usage: python3 scripts/setup.py serve [train] [dev]

Only the standard library, and only syntax that an old Python can still read, so that a Python that is too old gets a sentence
instead of a syntax error.  A list that is installed already (its stamp carries the hash of the pins) is not installed again.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
OLDEST = (3, 11)
# Megabytes on disk that an installation of each list takes, measured on Linux, with room for pip's own temporary files.
NEEDS_MB = {"serve": 1800, "train": 7000, "dev": 500}


def say(line):
    print("setup: " + line, file=sys.stderr)
    sys.stderr.flush()


def stop(line):
    say(line)
    sys.exit(2)


def pins_path(name):
    return os.path.join(ROOT, "requirements", name + ".txt")


def stamp_path(name):
    return os.path.join(VENV, "installed-" + name)


def fingerprint(name):
    with open(pins_path(name), "rb") as file:
        return hashlib.sha256(file.read() + sys.version.encode()).hexdigest()


def installed(name):
    try:
        with open(stamp_path(name)) as file:
            return file.read() == fingerprint(name)
    except OSError:
        return False


def check_machine(names):
    if sys.version_info[:2] < OLDEST:
        stop(
            "Python %d.%d is too old; Inyeon needs %d.%d or newer. Install one and say `make PYTHON=python3.12`, for example."
            % (sys.version_info[0], sys.version_info[1], OLDEST[0], OLDEST[1])
        )
    need = sum(NEEDS_MB[name] for name in names)
    free = shutil.disk_usage(ROOT).free // 1000000
    if free < need:
        stop(
            "the disk is too full: %d MB are free under %s and the set-up needs %d MB. Free some space and call make again."
            % (free, ROOT, need)
        )


def make_venv():
    # Without pip it is the remains of a set-up that was interrupted; venv completes it.
    if os.path.exists(PYTHON) and os.path.exists(os.path.join(VENV, "bin", "pip")):
        return
    say("making .venv with Python %d.%d" % sys.version_info[:2])
    try:
        subprocess.check_call([sys.executable, "-m", "venv", VENV])
    except subprocess.CalledProcessError:
        stop("Python's venv module does not work here. On Debian or Ubuntu: apt-get install python3-venv; then call make again.")


def install(name):
    with open(pins_path(name)) as file:
        count = sum(1 for line in file if "==" in line)
    say("installing %d pinned packages of requirements/%s.txt" % (count, name))
    started = time.time()
    command = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "--progress-bar", "off", "-r", pins_path(name)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    done, last, tail = 0, 0.0, []
    for line in process.stdout:
        tail = tail[-30:] + [line]
        if line.startswith(("Collecting", "Requirement already", "Installing collected")):
            done += 1
            if time.time() - last > 2:
                last = time.time()
                step = "installing" if line.startswith("Installing") else line.split()[1] if line.startswith("Collecting") else "checking"
                say("  %3d/%d  %3d s  %s" % (min(done, count), count, time.time() - started, step))
    if process.wait() != 0:
        sys.stderr.write("".join(tail))
        stop("pip could not install requirements/%s.txt (its last lines are above). Check the network and call make again." % name)
    with open(stamp_path(name), "w") as file:
        file.write(fingerprint(name))
    say("requirements/%s.txt installed in %d s" % (name, time.time() - started))


def main():
    wanted = [name for name in sys.argv[1:] if name in NEEDS_MB]
    if not wanted or len(wanted) != len(sys.argv) - 1:
        stop("say which lists to install: serve, train, dev")
    missing = [name for name in wanted if not installed(name)]
    if sys.version_info[:2] < OLDEST or missing:
        check_machine(missing)
    if missing:
        make_venv()
        for name in missing:
            install(name)


if __name__ == "__main__":
    main()
