"""settings.toml, the dataclasses and the environment say the same, and a bad setting is one clear line."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

import configuration
from configuration import ADDRESSES, BOUNDS, CHOICES, ORDERED, SECTIONS, SettingsError, load

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "settings.toml"


def as_plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def test_the_file_has_every_setting_with_its_default() -> None:
    written = tomllib.loads(FILE.read_text(encoding="utf-8"))
    defaults = {
        name: {item.name: as_plain(getattr(section(), item.name)) for item in fields(section)} for name, section in SECTIONS.items()
    }
    assert written == defaults


def test_every_setting_has_its_meaning_beside_it() -> None:
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if re.match(r"\w+ *=", line):
            assert re.search(r" # .{10,}", line), f"no comment: {line}"


def test_every_setting_is_read_by_something() -> None:
    """A setting that no code reads is a promise that nobody keeps."""
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for package in ("bot", "engine", "db", "crawler", "evaluation", "benchmarks", "migrations")
        for path in (ROOT / package).rglob("*.py")
        if path.name != "settings.py"
    )
    code += (ROOT / "run_bot.py").read_text(encoding="utf-8") + (ROOT / "configuration.py").read_text(encoding="utf-8")
    unread = [
        f"{name}.{item.name}" for name, section in SECTIONS.items() for item in fields(section) if not re.search(rf"\.{item.name}\b", code)
    ]
    assert not unread


def test_paths_become_absolute_and_the_database_gets_its_place(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('[paths]\nvar = "elsewhere"\n', encoding="utf-8")
    settings = load(file, {})
    assert settings.var == tmp_path / "elsewhere"
    assert settings.database.url == f"sqlite:///{tmp_path}/elsewhere/inyeon.db"
    assert settings.eval.data == str((tmp_path / "../shared/data").resolve())


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('[local]\nport = 1\n[telegram]\ntoken = "from-file"\n', encoding="utf-8")
    environment = {
        "INYEON_LOCAL__PORT": "8090",
        "TELEGRAM_BOT_TOKEN": "5:SECRET",
        "INYEON_TELEGRAM__ADMINS": "1, 22 333",
        "INYEON_ENGINE__NSFW_THRESHOLD": "0.5",
        "INYEON_DATABASE__URL": "mysql+pymysql://u:p@localhost/x",
    }
    settings = load(file, environment)
    assert settings.local.port == 8090
    assert settings.telegram.token == "5:SECRET"
    assert settings.telegram.admins == (1, 22, 333)
    assert settings.engine.nsfw_threshold == 0.5
    assert settings.database.url == "mysql+pymysql://u:p@localhost/x"


def test_every_setting_that_is_given_arrives() -> None:
    """What follows from other settings is filled in afterwards, which once lost a whole section."""
    given = {
        f"INYEON_{section}__{item.name}".upper(): another(section, item.name, getattr(made(), item.name))
        for section, made in SECTIONS.items()
        for item in fields(made)
    }
    settings = load(environment=given)
    for variable, text in given.items():
        section, name = variable.removeprefix("INYEON_").lower().split("__")
        value = getattr(getattr(settings, section), name)
        if isinstance(value, str):
            assert value.endswith(text), variable
        else:
            assert value == type(value)((int(text),) if isinstance(value, tuple) else text), variable


def another(section: str, name: str, default: object) -> str:
    """A value that is allowed and is not the default."""
    if (section, name) in CHOICES:
        return next(str(choice) for choice in CHOICES[section, name] if choice != default)
    if isinstance(default, tuple):
        return "77"
    if (section, name) in ADDRESSES:
        return "https://another"
    if isinstance(default, str):
        return "another"
    low, high = BOUNDS[section, name]
    upper = any((section, name) == (of, most) for of, _, most in ORDERED)
    return str(type(default)(high if upper or default == low else low))  # type: ignore[call-arg]


def test_the_environment_can_name_another_file(tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text("[local]\nport = 4321\n", encoding="utf-8")
    assert load(environment={"INYEON_SETTINGS": str(file)}).local.port == 4321


def test_settings_cannot_be_changed() -> None:
    settings = load(FILE, {})
    with pytest.raises(FrozenInstanceError):
        settings.local.port = 5  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "environment", "names"),
    [
        ("[local]\nprot = 1\n", {}, "local.prot"),
        ("[lokal]\nport = 1\n", {}, "lokal"),
        ("", {"INYEON_LOCAL__PROT": "1"}, "local.prot"),
        ("", {"INYEON_LOKAL__PORT": "1"}, "lokal"),
        ("", {"INYEON_LOCAL__PORT": "eighty"}, "local.port"),
        ("", {"INYEON_LOCAL__PORT": "70000"}, "local.port"),
        ("[local]\nport = 1.5\n", {}, "local.port"),
        ("[local]\nport = true\n", {}, "local.port"),
        ("[engine]\nthreads = 0\n", {}, "engine.threads"),
        ("[engine]\nnsfw_threshold = nan\n", {}, "engine.nsfw_threshold"),
        ("[engine]\nnsfw_threshold = true\n", {}, "engine.nsfw_threshold"),
        ('[engine]\nbackend = "tpu"\n', {}, "engine.backend"),
        ('[telegram]\nmode = "pigeon"\n', {}, "telegram.mode"),
        ("[telegram]\ntoken = 5\n", {}, "telegram.token"),
        ("[telegram]\nadmins = 5\n", {}, "telegram.admins"),
        ('[telegram]\nadmins = ["me"]\n', {}, "telegram.admins"),
        ("[telegram]\nadmins = [1.5]\n", {}, "telegram.admins"),
        ("[telegram]\nadmins = [true]\n", {}, "telegram.admins"),
        ("", {"INYEON_LOCAL_PORT": "8090"}, "INYEON_LOCAL__PORT"),
        ("", {"INYEON_DATABASE_URL": "mysql://u:p@h/x"}, "INYEON_DATABASE__URL"),
        ('[paths]\nvar = ""\n', {}, "paths.var"),
        ("", {"INYEON_PATHS__VAR": " "}, "paths.var"),
        ("[learning]\nk_min = 9\n", {}, "learning.k_max"),
        ("[crawler]\nage_min = 50\nage_max = 30\n", {}, "crawler.age_min"),
        ('[telegram]\napi_base = "127.0.0.1:8081"\n', {}, "telegram.api_base"),
        ('[telegram]\napi_base = "ftp://example.org"\n', {}, "telegram.api_base"),
        ('[telegram]\napi_base = "http://[oops"\n', {}, "telegram.api_base"),
        ('[telegram]\nwebhook_url = "example.org/hook"\n', {}, "telegram.webhook_url"),
        ('[telegram]\nwebhook_url = "http://example.org/hook"\n', {}, "telegram.webhook_url"),
        ('[telegram]\nwebhook_secret = "two words"\n', {}, "telegram.webhook_secret"),
        ('[crawler]\ncommons_base = "commons.wikimedia.org"\n', {}, "crawler.commons_base"),
        ("local = 3\n", {}, "local"),
        ("[local\n", {}, "TOML"),
    ],
)
def test_a_bad_setting_is_refused_in_one_line(tmp_path: Path, text: str, environment: dict[str, str], names: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(file, environment)
    message = str(caught.value)
    assert names in message
    assert "\n" not in message


def test_a_line_end_behind_the_token_is_not_of_it(tmp_path: Path) -> None:
    """As in `TELEGRAM_BOT_TOKEN="$(cat token.txt)"` where the file was written on Windows."""
    file = tmp_path / "settings.toml"
    file.write_text('[telegram]\ntoken = " 7:FILE "\n', encoding="utf-8")
    assert load(file, {"TELEGRAM_BOT_TOKEN": "5:SECRET\r\n"}).telegram.token == "5:SECRET"
    assert load(file, {"TELEGRAM_BOT_TOKEN": " "}).telegram.token == "7:FILE"
    assert load(file, {}).telegram.token == "7:FILE"


def test_a_refused_address_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(FILE, {"INYEON_TELEGRAM__API_BASE": "user:swordfish@127.0.0.1", "INYEON_PATHS__VAR": str(tmp_path)})
    assert "swordfish" not in str(caught.value)


def test_a_webhook_on_this_machine_needs_no_https(tmp_path: Path) -> None:
    environment = {"INYEON_TELEGRAM__WEBHOOK_URL": "http://127.0.0.1:8443/hook", "INYEON_PATHS__VAR": str(tmp_path)}
    assert load(FILE, environment).telegram.webhook_url == "http://127.0.0.1:8443/hook"


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot read .*none\.toml"):
        load(tmp_path / "none.toml", {})


def test_choices_and_bounds_name_real_settings() -> None:
    pairs = [(section, key) for section, *keys in ORDERED for key in keys]
    for section, key in [*CHOICES, *BOUNDS, *ADDRESSES, *pairs]:
        assert key in {item.name for item in fields(SECTIONS[section])}
    numbers = {
        (name, item.name)
        for name, section in SECTIONS.items()
        for item in fields(section)
        if isinstance(getattr(section(), item.name), int | float)
    }
    assert numbers == set(BOUNDS), "every number has bounds"


@pytest.mark.parametrize(
    "command",
    [["-m", "engine", "analyse", "x.jpg"], ["run_bot.py"], ["-m", "evaluation"], ["-m", "benchmarks"], ["-m", "bot.local"]],
    ids=" ".join,
)
def test_entry_points_refuse_a_bad_setting_with_one_line_and_exit_2(command: list[str], tmp_path: Path) -> None:
    environment = {"INYEON_LOCAL__PORT": "eighty", "INYEON_PATHS__VAR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "local.port" in done.stderr


def test_only_entry_points_read_the_settings() -> None:
    readers = {
        str(path.relative_to(ROOT))
        for package in ("bot", "engine", "db", "crawler", "migrations")
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"^\s*(import|from) configuration\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    allowed = re.compile(r"(__main__|bot/app|bot/jobs)\.py$")
    assert {reader for reader in readers if not allowed.search(reader)} == set()
    assert configuration.__doc__ is not None
