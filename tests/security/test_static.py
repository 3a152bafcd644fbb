"""What the code may not do at all, and what must not show: dangerous calls, secrets in words."""

from __future__ import annotations

import ast
import logging
import subprocess
import sys
from pathlib import Path

import pytest

import configuration
from bot.settings import TelegramSettings

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("bot", "db", "engine", "crawler", "migrations")
TOKEN = "123456789:AAplantedTokenThatMustNotShow"
FORBIDDEN = {
    ("pickle", "load"), ("pickle", "loads"), ("marshal", "loads"), ("yaml", "load"), ("yaml", "unsafe_load"), ("joblib", "load"),
    ("os", "system"), ("os", "popen"), ("shelve", "open"), ("tempfile", "mktemp"), ("ssl", "_create_unverified_context"),
}  # fmt: skip


def calls(path: Path) -> list[tuple[str, ast.Call]]:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [(ast.unparse(node.func), node) for node in nodes if isinstance(node, ast.Call)]


def test_nothing_is_loaded_that_could_be_code_and_no_shell_is_asked() -> None:
    for package in PRODUCT:
        for path in (ROOT / package).rglob("*.py"):
            for name, call in calls(path):
                parts = tuple(name.split(".")[-2:])
                assert parts not in FORBIDDEN, f"{path}: {name}"
                assert name not in {"eval", "exec", "__import__"}, f"{path}: {name}"
                options = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
                assert options.get("shell", "False") == "False", f"{path}: {name}"
                assert options.get("allow_pickle", "False") == "False", f"{path}: {name}"
                assert options.get("verify", "True") != "False", f"{path}: {name}"
                if parts == ("torch", "load"):
                    assert options.get("weights_only") == "True", f"{path}: {name}"


def test_no_sql_is_put_together_from_values() -> None:
    """Texts of SQL are constants: no f-string, no joining, no format."""
    for package in ("db", "migrations", "bot", "crawler"):
        for path in (ROOT / package).rglob("*.py"):
            for name, call in calls(path):
                if name.split(".")[-1] in {"text", "exec_driver_sql"} and name.split(".")[0] in {"sqlalchemy", "sa", "connection", "text"}:
                    assert not any(isinstance(part, ast.JoinedStr) and _has_input(part) for part in call.args[:1]), (
                        f"{path}: {ast.unparse(call)}"
                    )


def _has_input(joined: ast.JoinedStr) -> bool:
    """Whether something other than a constant of ours (all capitals) or a table's own name is filled in."""
    names = [ast.unparse(part.value) for part in joined.values if isinstance(part, ast.FormattedValue)]
    return any(
        not name.isupper() and name not in {"name", "table", "key", "name.text", "table.name", "lock", "kind", "column"} for name in names
    )


def test_secrets_show_in_no_representation() -> None:
    made = TelegramSettings(token=TOKEN, webhook_secret=TOKEN)
    assert TOKEN not in repr(made)
    secret = TOKEN.replace(":", "_")  # Telegram takes no colon there
    settings = configuration.load(environment={"TELEGRAM_BOT_TOKEN": TOKEN, "INYEON_TELEGRAM__WEBHOOK_SECRET": secret})
    for shown in (repr(settings), str(settings)):
        assert TOKEN not in shown
        assert secret not in shown


def test_a_wrong_secret_is_not_repeated_by_the_refusal(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("[telegram]\ntoken = 1234567890\n")
    with pytest.raises(configuration.SettingsError) as refusal:
        configuration.load(file, {})
    assert "1234567890" not in str(refusal.value)


def test_a_text_that_no_path_can_hold_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """Found by fuzzing."""
    for odd in ("a\0b", "\ud800"):
        with pytest.raises(configuration.SettingsError):
            configuration.load(environment={"INYEON_PATHS__VAR": odd})


def test_the_token_shows_neither_in_errors_nor_in_logs_nor_among_processes(tmp_path: Path) -> None:
    """The bot is started with a token that no server takes: one line, without it."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "INYEON_PATHS__VAR": str(tmp_path / "var"),
        "INYEON_TELEGRAM__API_BASE": "http://127.0.0.1:9",
        "INYEON_TELEGRAM__MODE": "webhook",
        "INYEON_LOCAL__PORT": "99999",
    }
    done = subprocess.run(
        [sys.executable, "run_bot.py"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert TOKEN not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert logging.getLogger("aiogram").level != logging.DEBUG


def test_suppressions_say_why() -> None:
    """Each `noqa` of a security rule, and each `nosec`, has its reason on its line."""
    for package in (*PRODUCT, "fuzz", "evaluation", "benchmarks"):
        for path in (ROOT / package).rglob("*.py"):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if "# noqa: S" in line:
                    reason = (line.split("# noqa: S", 1)[1].split(" ", 1)[1:] or [""])[0]
                    assert len(reason) > 5, f"{path}:{number}"
                assert "# nosec" not in line or "# noqa: S" in line, f"{path}:{number}: bandit reads no reason, so ruff's must stand there"
