"""Names and descriptions of types, made from what was measured, in both languages.

Face types carry names of nature that say nothing about a person; the description says in which proportions the type differs from
the others of its group.  Fashion types are named after their garments and colours.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.colours import named
from engine.fashion import KOREAN

NATURE = (
    ("Spring Breeze", "봄바람"),
    ("Clear Stream", "맑은 시냇물"),
    ("Morning Light", "아침 햇살"),
    ("Quiet Forest", "고요한 숲"),
    ("Moonlit Lake", "달빛 호수"),
    ("Maple Path", "단풍길"),
    ("First Snow", "첫눈"),
    ("Sea Horizon", "수평선"),
    ("Evening Glow", "저녁노을"),
    ("Pine Hill", "솔언덕"),
    ("Starry Night", "별밤"),
    ("Wild Field", "들꽃"),
    ("Silk Cloud", "비단구름"),
    ("River Stone", "조약돌"),
    ("Paper Lantern", "청사초롱"),
    ("Summer Rain", "여름비"),
)
MEASURES = (
    ("wider-set eyes", "closer-set eyes", "눈 사이가 넓은", "눈 사이가 가까운"),
    ("a rounder outline", "a longer outline", "얼굴선이 둥근", "얼굴선이 갸름한"),
    ("a wider mouth", "a smaller mouth", "입매가 넓은", "입매가 아담한"),
    ("more room between eyes and mouth", "less room between eyes and mouth", "눈과 입 사이가 긴", "눈과 입 사이가 짧은"),
    ("a longer nose", "a shorter nose", "코가 긴", "코가 짧은"),
)
CLEAR, FAINT = 0.3, 0.12
"""Differences, in standard deviations of the group, from which on a proportion is worth a word, and worth one with `slightly`."""


def proportions(box: tuple[float, float, float, float], points: NDArray[np.floating]) -> NDArray[np.float64]:
    """The five measures of a face in the order of `MEASURES`, free of its size and of a turn within the picture."""
    left, right, nose, mouth_left, mouth_right = np.asarray(points, dtype=np.float64)
    across = right - left
    eyes = float(np.linalg.norm(across))
    down = np.array([-across[1], across[0]]) / eyes
    middle, mouth = (left + right) / 2, (mouth_left + mouth_right) / 2
    length = float((mouth - middle) @ down)
    return np.array(
        [
            eyes / box[2],
            box[2] / box[3],
            float(np.linalg.norm(mouth_right - mouth_left)) / eyes,
            length / eyes,
            float((nose - middle) @ down) / length,
        ]
    )


def face_words(members: NDArray[np.float64], everyone: NDArray[np.float64]) -> tuple[str, str]:
    """What sets the faces of a type apart, in English and Korean.

    Args:
        members: (people of the type, measures).
        everyone: (people of the group, measures).

    """
    effect = (members.mean(axis=0) - everyone.mean(axis=0)) / np.maximum(everyone.std(axis=0), 1e-9)
    order = [int(at) for at in np.argsort(-np.abs(effect), kind="stable")]
    told = [at for at in order if abs(effect[at]) >= CLEAR][:2]
    slightly, slightly_ko = ("", "") if told else ("slightly: ", "살짝 ")
    told = told or [at for at in order if abs(effect[at]) >= FAINT][:2]
    if not told:
        return (
            "Close to the middle of the group in every proportion that we measure.",
            "재어 본 모든 비율이 평균에 가까운 얼굴형이에요.",
        )
    english = [MEASURES[at][0 if effect[at] > 0 else 1] for at in told]
    korean = [MEASURES[at][2 if effect[at] > 0 else 3] for at in told]
    joined = korean[0] if len(korean) == 1 else f"{_and(korean[0])} {korean[1]}"
    return f"Compared with the other types, on average {slightly}{' and '.join(english)}.", f"다른 타입보다 {slightly_ko}{joined} 편이에요."


def _and(adjective: str) -> str:
    """A Korean adjective's joining form."""
    ends = {"넓은": "넓고", "가까운": "가깝고", "둥근": "둥글고", "갸름한": "갸름하고", "아담한": "아담하고", "긴": "길고", "짧은": "짧고"}
    stem, _, last = adjective.rpartition(" ")
    return f"{stem} {ends[last]}"


@dataclass(frozen=True, slots=True)
class Outfit:
    """What is usual in a fashion type."""

    garments: tuple[str, ...]
    """Labels, the most characteristic first."""
    palette: tuple[str, ...]


def fashion_name(outfit: Outfit, taken: Collection[str]) -> tuple[str, str]:
    """A name from colour and garments that is not `taken`, in English and Korean; with a number where all are."""
    colours = [named(colour) for colour in outfit.palette]
    main = outfit.garments[0]
    choices = [(f"{colours[0].name} {main}", f"{colours[0].name_ko} {KOREAN[main]}")]
    choices += [
        (f"{one.name} & {other.name} {main}", f"{one.name_ko} & {other.name_ko} {KOREAN[main]}")
        for one in colours
        for other in colours
        if one != other
    ]
    for english, korean in choices:
        name = english[0].upper() + english[1:]
        if name not in taken:
            return name, korean
    return numbered((choices[0][0][0].upper() + choices[0][0][1:], choices[0][1]), taken)


def face_name(taken: Collection[str]) -> tuple[str, str]:
    """A name of nature that is not `taken`, in English and Korean; with a number where all are.

    >>> face_name({"Spring Breeze"})
    ('Clear Stream', '맑은 시냇물')
    """
    return next((name for name in NATURE if name[0] not in taken), None) or numbered(NATURE[0], taken)


def numbered(name: tuple[str, str], taken: Collection[str]) -> tuple[str, str]:
    """`name` with the lowest number from 2 under which it is free.

    >>> numbered(("Navy knit", "남색 니트"), {"Navy knit", "Navy knit 2"})
    ('Navy knit 3', '남색 니트 3')
    """
    number = next(one for one in range(2, len(taken) + 3) if f"{name[0]} {one}" not in taken)
    return f"{name[0]} {number}", f"{name[1]} {number}"


def fashion_words(outfit: Outfit) -> tuple[str, str]:
    """What is usual in a fashion type, in English and Korean."""
    names = list(dict.fromkeys(named(colour).name for colour in outfit.palette))[:3]
    names_ko = list(dict.fromkeys(named(colour).name_ko for colour in outfit.palette))[:3]
    garments = ", ".join(outfit.garments)
    return (
        f"Often {garments}; mostly {', '.join(names)}.",
        f"주로 {', '.join(KOREAN[label] for label in outfit.garments)} 차림에 {', '.join(names_ko)} 색이 많아요.",
    )
