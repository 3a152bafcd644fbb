"""What may be logged: what happened and where in the program, never what anybody said, is called, or where they are.

Discipline comes first: our own calls log kinds, states, figures and the ids of rows.  This is the net below it, for every logger of
the process, whatever its level:

- **ours** (`OURS`): the words of the call; of its arguments figures, single names (`sendMessage`, `retype`), our own exceptions, and
  of all other text the `known` phrases of Telegram.  Everything that could be a person's (numbers of six digits and more, dates, e-mail
  and web addresses, @names, fractions as in coordinates, anything quoted or not in ASCII) becomes `…`.
- **others'** (aiogram, aiohttp, SQLAlchemy, asyncio …): from WARNING on, and words only where they stand literally in the program
  that logs them, so that they cannot hold what it was given; arguments never.
- **exceptions**: their kind and the places of our own code that led there, `file:line`; never their text, never a traceback, since
  both quote what they failed on.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import threading
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final

OURS: Final = ("bot", "db", "crawler", "engine", "migrations", "configuration", "__main__")
HIDDEN: Final = "…"
FORMAT: Final = "time=%(asctime)s level=%(levelname)s part=%(name)s %(message)s"
TIME: Final = "%Y-%m-%dT%H:%M:%S%z"
PLACES: Final = 4
"""Places of our own code that an exception is told with."""
PERSONAL: Final = re.compile(
    r"\d{6,}:[\w-]{20,}"  # a bot's token
    r"|\w+://[^\s'\"<>]+"  # addresses
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|@\w{2,}"  # e-mail and Telegram names
    r"|\+?\d[\d ()-]{7,}\d"  # telephone numbers, and dates with dashes
    r"|\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{6,}"  # dates; ids of people
    r"|-?\d{1,3}\.\d{3,}"  # coordinates
    r"|(?:photos|documents|videos|voice|music|stickers|video_notes|animations|thumbnails)/\S+"  # Telegram's files
    r"|'[^']*'|\"[^\"]*\"|‘[^’]*’|“[^”]*”|`[^`]*`"
    r"|[\w-]{40,}"
    r"|[^\x00-\x7f…–]+"
)
PLAIN: Final = re.compile(r"[A-Za-z_][\w.:-]{0,63}\Z", re.ASCII)
"""A name of our own: a method, a job, a state, a kind of exception."""
_SAID: Final = """
    bot was blocked by the user;bot can't initiate conversation;user is deactivated;chat not found;user not found;group chat was
    upgraded;message is not modified;message to edit not found;message can't be edited;message to delete not found;message can't be
    deleted;message to be replied not found;message to copy not found;message is too long;message text is empty;message caption is
    too long;can't parse entities;wrong file identifier;file is too big;file is temporarily unavailable;wrong type of the web page
    content;failed to get http url content;query is too old;query id is invalid;button_data_invalid;reply markup is too long;too many
    requests;retry after;bad request;forbidden;unauthorized;not found;conflict;terminated by other getupdates request;internal server
    error;bad gateway;gateway timeout;service unavailable;restarting;image_process_failed;photo_invalid_dimensions;
    voice_messages_forbidden;reaction_invalid;quote_text_invalid;topic_closed;peer_id_invalid;input_user_deactivated;
    request timeout error;timed out
"""
PHRASES: Final = tuple(sorted((" ".join(phrase.split()) for phrase in _SAID.split(";")), key=len, reverse=True))


def clean(text: object) -> str:
    """One line without what could be a person's; what stays are our own words and small figures.

    >>> clean("row 12 (sendMessage) again in 1.5 s: @minji_97 born 1997-03-07 at 37.566535, +82 10-1234-5678")
    'row 12 (sendMessage) again in 1.5 s: … born … at …, …'
    >>> clean("bot123456789:AAE-secret_token_of_a_bot_12345 of https://api.example/file/x?y=1 for 김민지 and 'Kim'")
    'bot… of … for … and …'
    """
    return PERSONAL.sub(HIDDEN, " ".join(str(text).split()))


def known(description: object) -> str:
    """What Telegram said, where it is one of its known phrases: a server's words may quote a message.

    >>> known("Bad Request: message text is empty"), known("Bad Request: cannot parse 'I am Kim'")
    ('bad request: message text is empty', 'bad request')
    """
    said, found = " ".join(str(description).lower().split()), []
    for phrase in PHRASES:
        if phrase in said:
            found.append((said.index(phrase), phrase))
            said = said.replace(phrase, "\0" * len(phrase))
    return ": ".join(phrase for _, phrase in sorted(found)) or HIDDEN


def where(error: BaseException) -> str:
    """The last places of our own code on the way to an error: `file:line`, innermost last."""
    places, trace = [], error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if "site-packages" not in file and not file.startswith(sys.base_prefix):
            places.append(f"{Path(file).name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " > ".join(places[-PLACES:])


class Reticent(logging.Formatter):
    """Formats records by the rules above; a record that it cannot format costs its words, never an exception."""

    def __init__(self) -> None:
        super().__init__(FORMAT, TIME)

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        try:
            said = self._ours(record) if ours(record.name) else self._others(record)
        except Exception:  # noqa: BLE001 whatever an argument's own __str__ does
            said = HIDDEN
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if error is not None:
            said += f" [{type(error).__name__} at {where(error)}]"
        name = record.name if PLAIN.match(record.name) else HIDDEN
        safe = logging.makeLogRecord({**record.__dict__, "name": name, "msg": said, "args": (), "exc_info": None, "exc_text": None})
        safe.stack_info = None
        return super().format(safe)

    def _ours(self, record: logging.LogRecord) -> str:
        if not record.args:
            return clean(record.msg)
        args = record.args
        kept = {key: _argument(value) for key, value in args.items()} if isinstance(args, dict) else tuple(map(_argument, args))
        return PERSONAL.sub(HIDDEN, str(record.msg) % kept)

    def _others(self, record: logging.LogRecord) -> str:
        words = str(record.msg)
        if not _literal(record.pathname, words):
            words = HIDDEN
        kinds = [type(value).__name__ for value in record.args or () if isinstance(value, BaseException)]
        return " ".join(
            [clean(re.sub(r"%[-\d.]*[a-z]|%\(\w+\)\w", HIDDEN, words)), *kinds, f"({Path(record.pathname).name}:{record.lineno})"]
        )


class Quiet(logging.Filter):
    """Others' words below WARNING are nobody's business here."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is told at all."""
        return record.levelno >= logging.WARNING or ours(record.name)


class Handler(logging.StreamHandler[Any]):
    """To stderr; its own complaint about a record that does not fit would print the record's arguments."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 logging's name
        """Say only where it was."""
        self.stream.write(f"level=ERROR part=bot.logs a line could not be logged: {Path(record.pathname).name}:{record.lineno}\n")


def ours(name: str) -> bool:
    """Whether a logger is of this program.

    >>> ours("bot.sender"), ours("bottle"), ours("aiogram.event")
    (True, False, False)
    """
    return name.split(".", maxsplit=1)[0] in OURS


def configure(*, verbose: bool) -> None:
    """The one place that says what this process logs, uncaught exceptions of every kind included; to be called once, before all else."""
    root = logging.getLogger()
    handler = Handler(sys.stderr)
    handler.setFormatter(Reticent())
    handler.addFilter(Quiet())
    root.handlers = [handler]
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    for name in ("aiogram", "aiohttp", "sqlalchemy", "alembic", "asyncio", "httpx", "httpcore", "PIL", "apscheduler", "openvino"):
        logging.getLogger(name).setLevel(logging.WARNING)  # they would only spend time on lines that nobody gets to see
    logging.captureWarnings(capture=True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda ended: _uncaught(ended.exc_type, ended.exc_value, ended.exc_traceback)
    sys.unraisablehook = lambda missed: _uncaught(missed.exc_type, missed.exc_value, missed.exc_traceback)


def watch(loop: asyncio.AbstractEventLoop) -> None:
    """Exceptions that nobody awaited: their kind and place only."""

    def told(_loop: asyncio.AbstractEventLoop, about: dict[str, Any]) -> None:
        error = about.get("exception")
        if isinstance(error, BaseException):
            _uncaught(type(error), error, error.__traceback__)
        else:
            logging.getLogger(__name__).error("the event loop complains")

    loop.set_exception_handler(told)


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if error is None or issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger(__name__).error("nobody caught %s at %s", kind.__name__, where(error.with_traceback(trace)))


def _argument(value: object) -> object:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < 100_000 else HIDDEN
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, BaseException):
        return clean(value) if ours(type(value).__module__) else type(value).__name__
    said = str(value)
    if PLAIN.match(said) or _places(said):
        return PERSONAL.sub(HIDDEN, said)
    return known(said)


def _places(said: str) -> bool:
    return re.fullmatch(r"[\w.]+:\d+(?: > [\w.]+:\d+)*", said) is not None


@lru_cache(256)
def _literal(file: str, words: str) -> bool:
    """Whether words stand as they are in the source of whoever logs them."""
    try:
        source = Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    return len(words) > 3 and any(f"{quote}{words}{quote}" in source for quote in "\"'")
