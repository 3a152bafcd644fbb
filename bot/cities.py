"""Cities that the bot knows: names in both languages and where they lie, in tenths of a degree.

A member's `city` holds the English name of a known city, or what the member typed; coordinates of people are never finer than
0.1° (about 10 km), which is all that a distance filter needs.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from typing import Final

from bot.replies import Named

EARTH_KM: Final = 6371.0
NEAR_KM: Final = 60.0


@dataclass(frozen=True, slots=True)
class City:
    """A city; `latitude` and `longitude` in degrees."""

    name: str
    name_ko: str
    latitude: float
    longitude: float

    @property
    def named(self) -> Named:
        """Its name as a value of a sentence."""
        return Named(self.name_ko, self.name)


CITIES: Final = (
    City("Seoul", "서울", 37.6, 127.0),
    City("Busan", "부산", 35.2, 129.1),
    City("Incheon", "인천", 37.5, 126.7),
    City("Daegu", "대구", 35.9, 128.6),
    City("Daejeon", "대전", 36.4, 127.4),
    City("Gwangju", "광주", 35.2, 126.9),
    City("Ulsan", "울산", 35.5, 129.3),
    City("Sejong", "세종", 36.5, 127.3),
    City("Suwon", "수원", 37.3, 127.0),
    City("Yongin", "용인", 37.2, 127.2),
    City("Goyang", "고양", 37.7, 126.8),
    City("Seongnam", "성남", 37.4, 127.1),
    City("Hwaseong", "화성", 37.2, 126.8),
    City("Bucheon", "부천", 37.5, 126.8),
    City("Cheongju", "청주", 36.6, 127.5),
    City("Cheonan", "천안", 36.8, 127.1),
    City("Jeonju", "전주", 35.8, 127.1),
    City("Changwon", "창원", 35.2, 128.7),
    City("Pohang", "포항", 36.0, 129.4),
    City("Chuncheon", "춘천", 37.9, 127.7),
    City("Jeju", "제주", 33.5, 126.5),
    City("Ansan", "안산", 37.3, 126.8),
    City("Anyang", "안양", 37.4, 126.9),
    City("Namyangju", "남양주", 37.6, 127.2),
    City("Pyeongtaek", "평택", 37.0, 127.1),
    City("Uijeongbu", "의정부", 37.7, 127.0),
    City("Paju", "파주", 37.8, 126.8),
    City("Gimpo", "김포", 37.6, 126.7),
    City("Gimhae", "김해", 35.2, 128.9),
    City("Gumi", "구미", 36.1, 128.3),
    City("Wonju", "원주", 37.3, 127.9),
    City("Gangneung", "강릉", 37.8, 128.9),
    City("Sokcho", "속초", 38.2, 128.6),
    City("Asan", "아산", 36.8, 127.0),
    City("Gunsan", "군산", 36.0, 126.7),
    City("Iksan", "익산", 35.9, 127.0),
    City("Mokpo", "목포", 34.8, 126.4),
    City("Yeosu", "여수", 34.8, 127.7),
    City("Suncheon", "순천", 35.0, 127.5),
    City("Jinju", "진주", 35.2, 128.1),
    City("Gyeongju", "경주", 35.9, 129.2),
    City("Andong", "안동", 36.6, 128.7),
    City("Chungju", "충주", 37.0, 127.9),
    City("Seogwipo", "서귀포", 33.3, 126.6),
)
MAIN: Final = CITIES[:21]
"""Those offered as buttons."""
_SUFFIXES = ("특별자치시", "특별자치도", "특별시", "광역시", "시", "도")


def find(text: str) -> City | None:
    """The city that was typed, in either language, with or without `시` or `-si`.

    >>> find("서울특별시").name, find(" busan-si").name, find("Paris") is None
    ('Seoul', 'Busan', True)
    """
    return _BY_KEY.get(_key(text))


def nearest(latitude: float, longitude: float) -> City | None:
    """The nearest known city, if one is within 60 km."""
    best = min(CITIES, key=lambda city: distance_km(latitude, longitude, city.latitude, city.longitude))
    return best if distance_km(latitude, longitude, best.latitude, best.longitude) <= NEAR_KM else None


def shown(city: str | None) -> Named | str:
    """A member's city as a value of a sentence: in the reader's language where it is known, else as it was typed."""
    known = find(city or "")
    return (city or "") if known is None else known.named


def coarse(degrees: float) -> float:
    """Degrees rounded to 0.1, the finest that is stored of a person.

    >>> coarse(37.5665)
    37.6
    """
    return round(degrees, 1)


def distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Great-circle distance in km (haversine) between two places in degrees.

    >>> round(distance_km(37.6, 127.0, 35.2, 129.1))
    326
    """
    one, other = math.radians(latitude), math.radians(other_latitude)
    half = math.sin((other - one) / 2) ** 2
    half += math.cos(one) * math.cos(other) * math.sin(math.radians(other_longitude - longitude) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def _key(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold().strip().removesuffix("-si").removesuffix(" city").replace(" ", "")
    for suffix in _SUFFIXES:
        if len(plain) > len(suffix) + 1 and plain.endswith(suffix):
            return plain.removesuffix(suffix)
    return plain


_BY_KEY: Final = {_key(name): city for city in CITIES for name in (city.name, city.name_ko)}
