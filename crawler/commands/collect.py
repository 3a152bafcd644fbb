"""`python -m crawler collect --source NAME …`: take in couples' photos from a source."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from crawler.assigning import type_new
from crawler.commands.tools import Progress, Tools, Unusable
from crawler.couples import Separator
from crawler.decisions import Decisions
from crawler.errors import CrawlError, SourceError, Throttled, Unset
from crawler.ingest import Ingest, Report
from crawler.people import Describer
from crawler.remembering import DatabaseCache, DatabaseLedger
from crawler.sources.base import Source
from crawler.sources.folder import Folder, root
from crawler.sources.member import Member
from crawler.sources.remote import REMOTE, polite, remote
from db import crawls
from db.locks import single_runner
from engine.backends.runtime import make_runtime
from engine.commands.output import answer, progress
from engine.errors import EngineError
from engine.fashion import FashionReader
from engine.registry import Registry
from engine.types import STARTER, TypePack

SOURCES = ("folder", "member", *REMOTE)
ALONE = ("folder", "member")
"""Sources that are asked for nothing in particular."""
QUERY_MAX = 190
"""Characters of a query: they are part of a key in the database."""


def add(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    parser = parsers.add_parser("collect", help="take in couples' photos from a source", description=__doc__)
    parser.add_argument("--source", required=True, choices=SOURCES, help="folder (also a ZIP archive), member (confirmed uploads), …")
    parser.add_argument("--path", type=Path, metavar="DIR", help="folder or ZIP archive (--source folder)")
    parser.add_argument("--tag", action="append", default=[], metavar="TAG", help="hashtag, may be repeated (instagram, instaloader)")
    parser.add_argument("--query", default="", metavar="WORDS", help="category or words to search for (commons, naver)")
    parser.add_argument("--limit", type=_positive, metavar="N", help="look at no more than N pictures; the next run goes on from there")
    parser.add_argument("--restart", action="store_true", help="begin at the source's beginning, not where the last run stopped")
    parser.add_argument("--decisions", type=Path, metavar="FILE.csv", help="a row a picture: accepted or why not, boxes and genders")
    parser.add_argument("--json", action="store_true", help="one JSON object with the counts on stdout")


def run(arguments: argparse.Namespace, tools: Tools) -> int:
    """Collect; 0 when the source was read to its end or limit, 1 when it could not be.

    Raises:
        Unusable: the arguments do not fit the source.
        CrawlError: another process collects.

    """
    query = query_of(arguments)
    with contextlib.ExitStack() as stack:
        lock = stack.enter_context(single_runner(tools.database, "collect"))
        if not lock.held():
            raise CrawlError("another process is collecting: wait until it is done")
        source = stack.enter_context(_source(arguments, query, tools))
        if arguments.restart:
            _forget(tools, source.name, query)
        decisions = stack.enter_context(_decisions(arguments, tools, source.name, query)) if arguments.decisions else None
        progress("loading the models")
        ingest = _ingest(tools)
        with Progress("collect") as bar:
            told = _Told()

            def follow(report: Report, total: int | None) -> None:
                told.report = report
                bar(report, total)

            try:
                told.report = ingest.run(source, query, decisions=decisions, progress=follow, limit=arguments.limit)
            except Unset as error:
                raise Unusable(str(error)) from None
            except SourceError as error:
                told.error = error
        _type(tools)
        _print(told.report, as_json=arguments.json)
    if told.error is not None:
        wait = f" (it asks for {told.error.retry_after:.0f} s)" if isinstance(told.error, Throttled) else ""
        progress(f"crawler: {told.error}{wait}; what was taken in stays, and the same command goes on from there")
        return 1
    return 0


class _Told:
    """What a run said last."""

    def __init__(self) -> None:
        self.report = Report()
        self.error: SourceError | None = None


def query_of(arguments: argparse.Namespace) -> str:
    """What is asked of the source, as one text that also names the crawl.

    Raises:
        Unusable: something is missing or too much.

    """
    name = arguments.source
    tags = [unicodedata.normalize("NFC", tag).lstrip("#").strip() for tag in arguments.tag]
    words = unicodedata.normalize("NFC", " ".join(arguments.query.split()))
    if tags and words:
        raise Unusable("--tag and --query ask for the same thing: leave one of them out")
    if name in ALONE and (tags or words):
        raise Unusable(f"--source {name} takes all that there is: leave {'--tag' if tags else '--query'} out")
    if name == "folder":
        if arguments.path is None:
            raise Unusable("--source folder needs --path DIR: a folder or a ZIP archive")
        if not arguments.path.exists():
            raise Unusable(f"--path {arguments.path}: there is no such folder or archive; name another")
        return root(arguments.path)
    if arguments.path is not None:
        raise Unusable(f"--path is for --source folder: leave it out for {name}")
    if name == "member":
        return ""
    query = " ".join(tag for tag in tags if tag) or words
    if not query:
        raise Unusable(f"--source {name} needs {'--tag TAG' if name.startswith('insta') else '--query WORDS'}")
    if len(query) > QUERY_MAX:
        raise Unusable(f"the query has {len(query)} characters, at most {QUERY_MAX} are taken: ask for less at once")
    return query


@contextlib.contextmanager
def _source(arguments: argparse.Namespace, query: str, tools: Tools) -> Iterator[Source]:
    if arguments.source == "folder":
        folder = Folder(arguments.path, tools.engine.max_bytes)
        try:
            yield folder
        finally:
            folder.close()
    elif arguments.source == "member":
        yield Member(tools.database)
    else:
        with polite(tools.crawler, DatabaseCache(tools.database)) as client:
            ledger = DatabaseLedger(tools.database)
            yield remote(arguments.source, query, tools.crawler, client=client, ledger=ledger, max_bytes=tools.engine.max_bytes)


def _decisions(arguments: argparse.Namespace, tools: Tools, name: str, query: str) -> Decisions:
    resume = any((crawl.source, crawl.query, crawl.state) == (name, query, "running") for crawl in tools.database.read(crawls.everything))
    try:
        return Decisions(arguments.decisions, resume=resume)
    except OSError as error:
        raise Unusable(f"--decisions {arguments.decisions} cannot be written ({error.strerror}): name another file") from None


def _forget(tools: Tools, name: str, query: str) -> None:

    tools.database.transact(crawls.save, name, query, "", dt.datetime.now(dt.UTC), state="done")


def _ingest(tools: Tools) -> Ingest:
    separator = Separator(tools.crawler, tools.engine, tools.cache)
    separator.load()
    # Clothes are read with the starter's network whatever types are in use: vectors of all pictures stay comparable.
    pack = TypePack.load(STARTER)
    fashion = FashionReader(pack.garments, separator.runtime)
    fashion.load()
    return Ingest(tools.database, separator, Describer(fashion, pack.fashion_model, separator.face_version), tools.engine)


def _type(tools: Tools) -> None:
    """Give the new couples the types in use, so that they count from now on and not only once types are learned anew."""
    if tools.models is None:
        return
    first = Path(tools.engine.pack) if tools.engine.pack else STARTER
    try:
        pack = Registry(tools.models, first).load(runtime=make_runtime(tools.engine, tools.cache))
    except EngineError as error:
        progress(f"the new couples count once the types can be read: {error}")
        return
    type_new(tools.database, pack, dt.datetime.now(dt.UTC))


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        answer(json.dumps(report.as_object(), ensure_ascii=False))
        return
    answer(f"seen {report.seen}, accepted {report.accepted}, duplicates {report.duplicates}, rejected {sum(report.rejected.values())}")
    for reason, count in report.rejected.most_common():
        answer(f"  {reason:20} {count}")


def _positive(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return number
