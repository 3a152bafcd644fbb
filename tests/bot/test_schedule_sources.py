"""What `schedule.sources` asks for, down to the arguments of the command that each run is."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from bot.errors import StartError
from bot.scheduler import _check_sources
from bot.settings import ScheduleSettings
from bot.usecases.steering import COMMANDS, scheduled_arguments
from crawler.commands import collect


def asked(sources: str) -> list[tuple[str, str]]:
    """Source and query of each command, as the crawler reads them."""
    parser = argparse.ArgumentParser()
    collect.add(parser.add_subparsers(dest="command"))
    found = []
    for arguments in scheduled_arguments(ScheduleSettings(sources=sources), "collect"):
        read = parser.parse_args(COMMANDS["collect"](arguments)[2:])
        found.append((read.source, " ".join(filter(None, [*read.tag, read.query, str(read.path or "")]))))
    return found


@pytest.mark.parametrize(
    ("sources", "wanted"),
    [
        ("member instagram:커플", [("member", ""), ("instagram", "커플")]),
        (
            'member commons:"Category:Couples in Korea"  naver:셔츠',
            [("member", ""), ("commons", "Category:Couples in Korea"), ("naver", "셔츠")],
        ),
        ('"commons:Category:Couples in Korea"', [("commons", "Category:Couples in Korea")]),
        ("commons:lover's member", [("commons", "lover's"), ("member", "")]),
        ('folder:"/srv/our photos" member', [("folder", "/srv/our photos"), ("member", "")]),
        ('member commons:"never closed', [("member", ""), ("commons", "never closed")]),
        ("", []),
    ],
)
def test_sources_and_queries_reach_the_crawler_whole(sources: str, wanted: list[tuple[str, str]]) -> None:
    assert asked(sources) == wanted


def test_a_path_is_a_path() -> None:
    assert asked("folder:photos.zip") == [("folder", str(Path("photos.zip")))]


@pytest.mark.parametrize(
    ("sources", "says"),
    [("member instagramm:couple", "'instagramm'"), ("member commons", "commons:QUERY"), ("instagram:", "instagram:TAG")],
)
def test_what_can_never_be_collected_stops_the_start(sources: str, says: str) -> None:
    with pytest.raises(StartError, match=r"schedule\.sources") as told:
        _check_sources(ScheduleSettings(sources=sources))
    assert says in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("sources", ["", "member", 'member commons:"Category:Couples in Korea" folder:/srv/couples'])
def test_what_can_be_collected_does_not(sources: str) -> None:
    _check_sources(ScheduleSettings(sources=sources))
