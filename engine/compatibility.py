"""How much two people resemble observed couples: a score of 0–100 with its interval, for two photos or one photo of both.

    score = 100 P(observed couple | face types, face likeness, fashion types, fashion likeness)

where as many random pairs *of the same ages* stand beside the observed couples, so 50 is what any two people of those ages get.  It is
a resemblance to couples that were seen, and no forecast of anything.  Features of a pair:

- types: the logarithm of the two types' lift, shrunk towards 1 (`engine.affinity`), with its variance;
- likeness: the cosine of the two vectors, each less the mean of its gender's group and of length 1, in standard deviations above that of
  random pairs of the same ages and, once couples are known, of the same two types: that two types are alike is in their lift already.
  From faces the directions of age, skin and origin are taken out, as from face types: this is not about being of one origin.

Random pairs have the couples' ages, so the age gap cannot say anything within the score.  `parts.age` says something else: how usual
the gap is, as the share of couples with at least as large a one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from engine.affinity import PRIOR_SHAPE, CoupleCounts, shrunk_lifts, table
from engine.calibration import FEATURES, PARTS, Calibration, Floats, cell
from engine.gamma import Z
from engine.types import Kind, TypeInfo, TypePack
from engine.values import Analysis, Gender, ProblemCode, Vector

SAME = 0.5
"""Cosine of two faces from which they are taken for one person: 1 in 10,000 pairs of different people reach it, two in three pairs of
photos of one person do (docs/compatibility.md).  Rather a score for one person than a refusal for two who look alike."""
KINDS: tuple[Kind, Kind] = ("face", "fashion")
FARTHEST = 2.0
"""Standard deviations beyond which likeness counts no further: one backdrop or one studio makes two photos as alike as that."""
ENOUGH = 1e-6

PairProblemCode = ProblemCode | Literal["same_person", "no_couple"]


REFUSED_KO: Mapping[PairProblemCode, str] = {
    "not_an_image": "읽을 수 있는 사진이 아닙니다. JPEG, PNG, WebP, HEIC 사진을 주세요.",
    "too_large": "사진이 너무 큽니다. 더 작은 사진을 주세요.",
    "nsfw": "안전한 사진이 아닙니다. 옷을 입은 사진을 주세요.",
    "no_face": "얼굴을 찾지 못했습니다. 밝은 곳에서 얼굴이 정면으로 보이게 찍은 사진을 주세요.",
    "several_faces": "사진에 사람이 너무 많습니다. 비교할 사람만 나온 사진을 주세요.",
    "face_too_small": "얼굴이 너무 작아서 읽을 수 없습니다. 더 가까이에서 찍은 사진을 주세요.",
    "too_dark_or_blurred": "얼굴이 어둡거나 지나치게 밝거나 흐려서 읽을 수 없습니다. 다른 사진을 주세요.",
    "minor": "만 18세 미만일 수 있는 사람은 누구와도 비교하지 않습니다.",
    "same_person": "두 사람이 같은 사람으로 보입니다. 서로 다른 두 사람의 사진을 주세요.",
    "no_couple": "비교할 두 사람을 사진에서 읽지 못했습니다. 나란히 있는 두 사람의 사진 한 장이나, 한 사람씩 나온 사진 두 장을 주세요.",
}
"""What is said in Korean of each problem."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why two people are not compared; `message` is an English sentence, `photo` the number of the photo that it is about (0: both)."""

    code: PairProblemCode
    message: str
    photo: int = 0


@dataclass(frozen=True, slots=True)
class Parts:
    """What each part says by itself, 0–100."""

    face: float | None
    """The score by faces alone: 50 says nothing; None where a face was not read."""
    fashion: float | None
    """The score by clothes alone; None where no clothes were seen on one of the two."""
    age: float | None
    """How usual the age gap is: of 100 couples so many have as large a one or a larger; no part of the score."""


@dataclass(frozen=True, slots=True)
class Together:
    """How often two types were seen together."""

    one: TypeInfo
    other: TypeInfo
    couples: int
    """Couples with these two types."""
    of: int
    """Couples of all types of these two groups."""
    lift: float
    """1 is chance."""
    interval: tuple[float, float]
    """The central 80 %."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of two people; score, interval and parts are None where there is a problem."""

    same_person: bool
    similarity: float | None
    """Cosine of the two faces; None where one was not found."""
    score: float | None = None
    interval: tuple[float, float] | None = None
    """The central 80 % of what the score may be; contains `score`."""
    parts: Parts = field(default_factory=lambda: Parts(None, None, None))
    couples: int = 0
    """Observed couples that it rests on."""
    together: tuple[Together, ...] = ()
    """Face types first."""
    evidence: Literal["observed", "prior"] = "prior"
    reason: str = ""
    reason_ko: str = ""
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """A person as they are compared."""

    gender: Gender | None
    face: Vector | None
    fashion: Vector | None
    face_type: TypeInfo | None = None
    fashion_type: TypeInfo | None = None

    @classmethod
    def of(cls, seen: Analysis, pack: TypePack) -> Look:
        """From an analysis under the types in use."""
        gender = seen.main_face.gender if seen.main_face else None
        face, fashion = pack.assign_face(seen.embedding, gender), pack.assign_fashion(seen.fashion_embedding, gender)
        return cls(
            gender,
            seen.embedding,
            seen.fashion_embedding,
            pack.by_id[face.id] if face else None,
            pack.by_id[fashion.id] if fashion else None,
        )

    def type(self, kind: Kind) -> TypeInfo | None:
        """Their type of a kind."""
        return self.face_type if kind == "face" else self.fashion_type

    def group(self, kind: Kind) -> str:
        """The group of types that they belong to; "" where that is not known."""
        info = self.type(kind)
        return info.group if info else f"{self.gender}_{kind}" if self.gender else ""


class Lifts:
    """Shrunk lifts between the types of a pack for one set of counts; worked out once for each two groups."""

    def __init__(self, pack: TypePack, couples: CoupleCounts) -> None:
        self.pack = pack
        self.couples = couples
        self._tables: dict[tuple[str, str], tuple[NDArray[np.float64], ...]] = {}

    def together(self, one: TypeInfo, other: TypeInfo) -> Together:
        """How two types of one kind go together."""
        rows, columns = self.pack.groups[one.group].types, self.pack.groups[other.group].types
        key = (one.group, other.group)
        if key not in self._tables:
            counts = table(self.couples, rows, columns)
            same = one.group == other.group
            total = float(np.triu(counts).sum() if same else counts.sum())
            # That lifts are all alike can be no surer than the couples that two types have on average.
            shapes = PRIOR_SHAPE, PRIOR_SHAPE + total / counts.size
            self._tables[key] = (counts, np.array(total), *shrunk_lifts(counts, symmetric=same, shapes=shapes))
        counts, whole, lifts, low, high = self._tables[key]
        at = rows.index(one), columns.index(other)
        return Together(one, other, int(counts[at]), int(whole), float(lifts[at]), (float(low[at]), float(high[at])))


class Compatibility:
    """Compares people under one pack and its calibration; safe to call from several threads."""

    def __init__(self, pack: TypePack, couples: CoupleCounts | None = None, calibration: Calibration | None = None) -> None:
        """Only store.

        Args:
            pack: the types in use.
            couples: how many couples had which types; None: those of when the types were learned.
            calibration: None: the pack's.

        """
        self.pack = pack
        self.couples = couples or CoupleCounts.of(pack.couples)
        self.calibration = calibration or pack.calibration
        self.lifts = Lifts(pack, self.couples)
        # The directions need not be at right angles to each other.
        self._axes = None if pack.removed is None else np.linalg.qr(pack.removed.astype(np.float64))[0]

    def compare(self, a: Analysis, b: Analysis, *, identical: bool = False) -> Comparison:
        """Two people on two photos, or on one that was taken apart.

        A photo with a problem is refused, as is the same person twice; nothing is scored then.

        Args:
            a: of the first person.
            b: of the second one.
            identical: whether both are one and the same file.

        """
        similarity = None if a.embedding is None or b.embedding is None else float(a.embedding @ b.embedding)
        same = identical or (similarity is not None and similarity >= SAME)
        problem = refusal(a, b, same=same)
        if problem is not None:
            return refused(problem, similarity, same=same)
        one, other = Look.of(a, self.pack), Look.of(b, self.pack)
        gap = abs(a.main_face.age - b.main_face.age) if a.main_face and b.main_face else None
        return self.score(one, other, gap, similarity)

    def score(self, one: Look, other: Look, gap: float | None = None, similarity: float | None = None) -> Comparison:
        """The score of two people who may be compared; `gap`: years between them."""
        together = tuple(found for kind in KINDS if (found := self._together(one, other, kind)) is not None)
        x, variances = self.features(one, other)
        known = self.calibration
        chance = known.chance(x, variances)
        parts = {part: 100 * known.chance(x, variances, part).mean if x[PARTS[part]][0] else None for part in KINDS}
        age = None if gap is None else 100 * known.usual(gap)
        made = Comparison(
            same_person=False,
            similarity=similarity,
            score=100 * chance.mean,
            interval=(100 * chance.interval[0], 100 * chance.interval[1]),
            parts=Parts(parts["face"], parts["fashion"], age),
            couples=max((found.of for found in together), default=0),
            together=together,
            evidence="observed" if known.couples else "prior",
        )
        return explained(made)

    def features(self, one: Look, other: Look, cosines: Sequence[float | None] | None = None) -> tuple[Floats, Floats]:
        """(6,) features of a pair in the order of `FEATURES`, and their variances; zeros where a part is not known of both.

        `cosines`: of both `KINDS`, where they are known already.
        """
        x, variances = np.zeros(len(FEATURES)), np.zeros(len(FEATURES))
        for at, kind in enumerate(KINDS):
            start = PARTS[kind].start
            alike = self.cosine(one, other, kind) if cosines is None else cosines[at]
            together = self._together(one, other, kind)
            if alike is None and together is None:
                continue
            x[start] = 1
            if together is not None:
                x[start + 1] = math.log(together.lift)
                variances[start + 1] = (math.log(together.interval[1] / together.interval[0]) / (2 * Z)) ** 2
            if alike is not None:
                spread = self.calibration.likeness[f"{kind}_{pairing(one, other, kind)}"]
                alike -= 0.0 if together is None else self.calibration.usual_likeness.get(cell(together.one.id, together.other.id), 0.0)
                x[start + 2] = float(np.clip((alike - spread.mean) / spread.deviation, -FARTHEST, FARTHEST))
        return x, variances

    def cosine(self, one: Look, other: Look, kind: Kind) -> float | None:
        """Likeness of two people; None where it is not known of both."""
        mine, theirs = self.relative(one, kind), self.relative(other, kind)
        return None if mine is None or theirs is None else float(mine @ theirs)

    def relative(self, look: Look, kind: Kind) -> Floats | None:
        """A vector less the mean of its group, free of what types are not about, of length 1; None where it is not known."""
        vector = look.face if kind == "face" else look.fashion
        group = self.pack.groups.get(look.group(kind))
        if vector is None or group is None:
            return None
        aside = []
        for block in group.blocks:
            part = vector[block.start : block.stop].astype(np.float64)
            norm = float(np.linalg.norm(part))
            # What a photo does not show says nothing: it is as the mean is.
            aside.append(part / norm - block.mean if norm > ENOUGH else np.zeros(len(part)))
        whole: Floats = np.concatenate(aside)
        if kind == "face" and self._axes is not None and len(self._axes) == len(whole):
            whole = whole - self._axes @ (self._axes.T @ whole)
        length = float(np.linalg.norm(whole))
        return None if length < ENOUGH else whole / length

    def _together(self, one: Look, other: Look, kind: Kind) -> Together | None:
        mine, theirs = one.type(kind), other.type(kind)
        return None if mine is None or theirs is None else self.lifts.together(mine, theirs)


def pairing(one: Look, other: Look, kind: Kind) -> str:
    """Whether two people are of one gender, as `engine.calibration.PAIRS` has it."""
    return "same" if one.group(kind) == other.group(kind) else "mixed"


def refusal(a: Analysis, b: Analysis, *, same: bool) -> Problem | None:
    """Why two photos are not compared; a minor comes before all else."""
    found = [Problem(seen.problem.code, seen.problem.message, at) for at, seen in ((1, a), (2, b)) if seen.problem is not None]
    minors = [one for one in found if one.code == "minor"]
    if minors:
        return Problem("minor", "A person who may be under 18 is not compared with anybody.", minors[0].photo)
    if found:
        return found[0]
    if same:
        return Problem("same_person", "Both photos seem to show the same person: give photos of two people.")
    return None


def refused(problem: Problem, similarity: float | None = None, *, same: bool = False) -> Comparison:
    """Two people who are not compared, and why in both languages; of a minor nothing is said but that."""
    same = same or problem.code == "same_person"
    return Comparison(
        same,
        None if problem.code == "minor" else similarity,
        problem=problem,
        reason=problem.message,
        reason_ko=REFUSED_KO[problem.code],
    )


def explained(made: Comparison) -> Comparison:
    """With its reason in words."""
    score, interval = cast("float", made.score), cast("tuple[float, float]", made.interval)
    figures = f"{score:.0f}", f"{interval[0]:.0f}–{interval[1]:.0f}"
    lines, lines_ko = [_basis(made, *figures)], [_basis_ko(made, *figures)]
    for found in made.together if made.couples else ():
        what, what_ko = ("faces", "얼굴") if found.one.kind == "face" else ("clothes", "옷차림")
        seen = f"{found.couples:,} of {counted(found.of)}", f"커플 {found.of:,}쌍 중 {found.couples:,}쌍"
        times = f"{found.interval[0]:.1f}–{found.interval[1]:.1f}"
        lines.append(f'By {what}, "{found.one.name}" and "{found.other.name}": {seen[0]}, {times} times as often as by chance.')
        lines_ko.append(f"{what_ko}: ‘{found.one.name_ko}’ · ‘{found.other.name_ko}’ — {seen[1]}, 우연의 {times}배.")
    lines.append("This is resemblance to observed couples, no forecast.")
    lines_ko.append("관찰된 커플과 닮은 정도이며, 앞날을 예측하지 않습니다.")
    return replace(made, reason=" ".join(lines), reason_ko=" ".join(lines_ko))


def counted(couples: int) -> str:
    """A number of couples in English.

    >>> counted(1), counted(0), counted(1234)
    ('1 couple', '0 couples', '1,234 couples')
    """
    return "1 couple" if couples == 1 else f"{couples:,} couples"


def _basis(made: Comparison, score: str, interval: str) -> str:
    if made.evidence == "prior":
        have = "has" if made.couples == 1 else "have"
        seen = f"Only {counted(made.couples)} {have} been seen yet" if made.couples else "No couples have been learned from yet"
        return f"{seen}: {score} (80 % interval {interval}) is the assumption that partners resemble each other a little."
    return f"{score} of 100 (80 % interval {interval}), where 50 is what two random people of these ages get; from {counted(made.couples)}."


def _basis_ko(made: Comparison, score: str, interval: str) -> str:
    if made.evidence == "prior":
        seen = "아직 배운 커플이 없어서" if not made.couples else f"관찰된 커플이 아직 {made.couples:,}쌍뿐이라"
        return f"{seen}, {score}점(80 % 구간 {interval})은 커플이 조금은 서로 닮는다는 가정일 뿐입니다."
    return f"100점 중 {score}점(80 % 구간 {interval}). 같은 나이의 아무 두 사람은 50점이고, 커플 {made.couples:,}쌍에 근거합니다."
