"""Corpora whose types are known: vectors drawn around planted centres, drawn faces, couples of alike types."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from engine.images import encode_jpeg
from engine.settings import LearningSettings
from engine.training.corpus import Corpus, Recent, Subject
from engine.values import Garment, Gender, Vector

FACE, FASHION, TYPES = 128, 48, 4
OWN = 0.45
"""How much of a face is its type: two people of one type must not look like one person (cosine 0.17), yet form clumps."""
GENDERS: tuple[Gender, Gender] = ("man", "woman")
LABELS = ("shirt", "knit", "hoodie", "coat")
COLOURS = ("#203060", "#804020", "#F0F0F0", "#205020")
SETTINGS = LearningSettings(k_min=4, k_max=4, people_min=40, type_min=5, recent=100)


def centres(seed: int, dims: int) -> np.ndarray:
    """Far apart, of length 1."""
    whole, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(dims, TYPES)))
    return whole.T


def near(centre: np.ndarray, noise: float, random: np.random.Generator) -> Vector:
    """`noise`: length of what is added, in any direction."""
    drawn = centre + random.normal(size=len(centre)) * noise / np.sqrt(len(centre))
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)


@cache
def crop(shade: int) -> bytes:
    """A head of one colour before a ground."""
    photo = np.full((256, 256, 3), 200, np.uint8)
    photo[60:220, 70:190] = (180, 120 + shade % 60, 100)
    return encode_jpeg(photo)


def pixels(subject: int) -> tuple[bytes, bytes]:
    return crop(subject % 16), crop(subject % 16)


def corpus(couples: int = 80, seed: int = 0, *, noise: float = 0.5, shuffled: bool = False, recent: int = 60) -> Corpus:
    """Couples of a man and a woman, three in four of the same planted types."""
    random = np.random.default_rng(seed)
    subjects: list[Subject] = []
    for couple in range(couples):
        kind = couple % TYPES
        for side, gender in enumerate(GENDERS):
            type_ = kind if side == 0 or (random.random() < 0.75 and not shuffled) else int(random.integers(TYPES))
            face = near(OWN * centres(10 + side, FACE)[type_], 1.0, random)
            fashion = near(centres(20 + side, FASHION)[type_], noise, random)
            garments = (Garment("upper", LABELS[type_], 0.9, COLOURS[type_]),)
            subjects.append(
                Subject(2 * couple + side + 1, couple + 1, gender, float(random.uniform(22, 45)), face, fashion, garments=garments)
            )
    newest = tuple(
        Recent(
            gender,
            near(OWN * centres(10 + side, FACE)[at % TYPES], 1.0, random),
            near(centres(20 + side, FASHION)[at % TYPES], noise, random),
        )
        for side, gender in enumerate(GENDERS)
        for at in range(recent)
    )
    return Corpus(tuple(subjects), "face-planted", "fashion-planted", pixels, newest)


def without_structure(whole: Corpus) -> Corpus:
    """The same people with vectors drawn from nowhere."""
    random = np.random.default_rng(9)
    blank = np.zeros(FACE)
    return replace(
        whole,
        subjects=tuple(replace(one, face=near(blank, 1.0, random), fashion=near(np.zeros(FASHION), 1.0, random)) for one in whole.subjects),
    )
