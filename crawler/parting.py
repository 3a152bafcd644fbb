"""A photo of a couple taken apart: an analysis of each of the two, as if each had been alone on a photo."""

from __future__ import annotations

from dataclasses import dataclass

from crawler.couples import Reason, Separator, Subject, unreadable
from crawler.people import box_of
from engine.analysis import COMPARABLE, Analyser
from engine.attributes import Attributes
from engine.compatibility import Problem
from engine.images import Decoded, decode
from engine.values import Analysis
from engine.values import Problem as PhotoProblem

PROBLEMS: dict[Reason, Problem] = {
    "not_an_image": Problem("not_an_image", "This is no photo that can be read: give a JPEG, PNG, WebP or HEIC file."),
    "too_large": Problem("too_large", "This photo is too large: give a smaller one."),
    "nsfw": Problem("nsfw", "This photo is not safe for work: give one in which both are dressed."),
    "no_face": Problem("no_face", "No face was found: give a photo that shows both faces from the front."),
    "one_person": Problem("no_couple", "Only one face was found: give a photo of two people, or two photos."),
    "bystander": Problem("no_couple", "The two do not stand together: give a photo of two people side by side, or two photos."),
    "too_small": Problem("face_too_small", "A face is too small to read: give a photo taken from nearer by."),
    "too_dark_or_blurred": Problem("too_dark_or_blurred", "A face is too dark or blurred to read: give another photo."),
    "collage": Problem("no_couple", "These seem to be two photos put together: give them as two photos."),
    "same_person_twice": Problem("same_person", "Both people seem to be the same person: give a photo of two people."),
    "crowd": Problem("several_faces", "More than two people can be seen: give a photo of two people only."),
    "minor": Problem("minor", "A person who may be under 18 is not compared with anybody."),
    "age_out_of_range": Problem("no_couple", "An age could not be read well enough: give two photos instead."),
}
"""What each reason means for a comparison."""


@dataclass(frozen=True, slots=True)
class Parted:
    """The two of a couple's photo, left to right, or why there are none."""

    people: tuple[Analysis, Analysis] | None
    reason: Reason = ""

    @property
    def problem(self) -> Problem | None:
        """The reason for a comparison."""
        return PROBLEMS[self.reason] if self.reason else None


class Parting:
    """Takes couples' photos apart; safe to call from several threads."""

    def __init__(self, separator: Separator, analyser: Analyser) -> None:
        """Only store: both load with the first photo."""
        self.separator = separator
        self.analyser = analyser

    def predict(self, data: bytes) -> Parted:
        """The two people of the photo in `data`; any bytes are answered.

        Raises:
            WeightsError, BackendError, PackError: something that the engine needs cannot be had.

        """
        photo = decode(data, self.analyser.settings)
        if isinstance(photo, PhotoProblem):
            return Parted(None, unreadable(photo).reason)
        decision = self.separator.separate(photo)
        if not decision.accepted or decision.subjects is None:
            return Parted(None, decision.reason or "bystander")
        if decision.details.get("third", 0.0) >= COMPARABLE:
            # A couple with a friend a few steps behind is still a couple to be counted, but here two people agreed and a third did not.
            return Parted(None, "crowd")
        left, right = (self._person(photo, subject) for subject in decision.subjects)
        return Parted((left, right))

    def _person(self, photo: Decoded, one: Subject) -> Analysis:
        said = Attributes(one.gender, one.gender_confidence, one.age, one.age_range, one.minor_score)
        return self.analyser.person(photo.image, one.face.scaled(1 / photo.scale), box_of(one, photo), said, one.embedding)
