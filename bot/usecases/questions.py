"""The questions of the conversation: what is asked at each step, and which buttons it has; `storing` keeps the answers.

The same questions serve onboarding (step `city`) and later changes (step `edit.city`).  The date of birth has a module of its own,
`births`, since it may be asked back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot import answers, cities
from bot.context import Context
from bot.keyboards import button, grid
from bot.replies import Button, Replies, Rows, Say, Word, word
from bot.usecases import births
from db.records import Member

EDIT: Final = "edit."
GENDERS: Final = ("woman", "man", "other")
SEEKS: Final = ("women", "men", "everyone")
DISTANCES: Final = (10, 30, 50, 100, 200, 0)
ANYWHERE: Final = 0
ANY_AGE: Final = (answers.ADULT, answers.OLDEST - 1)
SPREADS: Final = (3, 5, 10)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and the answers that have a button."""

    text: Word
    choices: Rows = ()
    location: bool = False


def expects(member: Member, field: str) -> bool:
    """Whether the conversation is waiting for an answer to this question."""
    return member.step in (field, EDIT + field)


def question(step: str, context: Context, member: Member) -> Question:
    """The question of a step (without `edit.`)."""
    if step == "city":
        return Question(
            word("ask.city"),
            grid((_choice(city.name, "city", word("ask.plain", text=city.named)) for city in cities.MAIN), 3),
            location=True,
        )
    if step == "distance":
        return _distance(member)
    if step == "ages":
        return _ages(context, member)
    if step == "birth":
        return Question(births.question(member), births.choices(member))
    if step == "photo":
        return Question(word("ask.photo"))
    if step == "about":
        return _about(member)
    return Question(word(f"ask.{step}"), _CHOICES[step])


def ask(step: str, context: Context, member: Member, *, back: Button | None = None) -> Replies:
    """Ask the question of a step; `back` is the button below the answers."""
    asked = question(step, context, member)
    replies: Replies = [Say(asked.text, (*asked.choices, *(((back,),) if back else ())))]
    if asked.location:
        replies.append(Say(word("ask.city.location"), ask_location=True))
    return replies


def answered(step: str, context: Context, member: Member, choice: str) -> Say:
    """The question again without buttons, with the answer that was chosen."""
    asked = question(step, context, member)
    labels = [item.word for row in asked.choices for item in row if item.press.choice == f"{step}:{choice}"]
    return Say(word("ask.answered", question=asked.text, answer=labels[0] if labels else choice), edit=True)


def _about(member: Member) -> Question:
    """The last question at sign-up, where it may be passed over; later the button empties what stands there, and says so."""
    if member.step != EDIT + "about":
        return Question(word("ask.about", n=answers.ABOUT_LIMIT), ((_choice("skip", "about", word("ask.about.skip")),),))
    empty = ((_choice("skip", "about", word("ask.about.empty")),),) if member.about else ()
    return Question(word("ask.about.edit", n=answers.ABOUT_LIMIT), empty)


def _choice(value: str, field: str, label: Word) -> Button:
    return button(label, "set", choice=f"{field}:{value}")


def _distance(member: Member) -> Question:
    if member.latitude is None:
        near = (_choice("50", "distance", word("distance.same_city")), _choice("0", "distance", word("distance.anywhere")))
        return Question(word("ask.distance.city"), (near,))
    choices = (_choice(str(km), "distance", distance_word(km)) for km in DISTANCES)
    return Question(word("ask.distance"), grid(choices, 2))


def distance_word(km: int) -> Word:
    """`50 km` or `anywhere`."""
    return word("distance.anywhere") if km == ANYWHERE else word("distance.km", km=km)


def _ages(context: Context, member: Member) -> Question:
    own = member.age(context.now) or answers.ADULT
    ranges = [(max(ANY_AGE[0], own - spread), min(ANY_AGE[1], own + spread)) for spread in SPREADS]
    choices = [_choice(f"{low}-{high}", "ages", ages_word(low, high)) for low, high in (*ranges, ANY_AGE)]
    return Question(word("ask.ages"), grid(choices, 2))


def ages_word(low: int, high: int) -> Word:
    """`25–35` or `any age`."""
    return word("ages.any") if (low, high) == ANY_AGE else word("ages.range", low=low, high=high)


_CHOICES: Final[dict[str, Rows]] = {
    "language": ((_choice("ko", "language", word("language.ko")), _choice("en", "language", word("language.en"))),),
    "intro": ((_choice("ok", "intro", word("ask.intro.ok")),),),
    "terms": ((_choice("yes", "terms", word("ask.terms.yes")),), (_choice("no", "terms", word("ask.terms.no")),)),
    "face": ((_choice("yes", "face", word("ask.face.yes")),), (_choice("no", "face", word("ask.face.no")),)),
    "gender": (tuple(_choice(gender, "gender", word(f"gender.{gender}")) for gender in GENDERS),),
    "seeks": (tuple(_choice(seeks, "seeks", word(f"seeks.{seeks}")) for seeks in SEEKS),),
}


def place_word(member: Member) -> Word:
    """Where the member is, in words: the city, or that a location without a known city near it was shared."""
    return (
        word("place.city", city=cities.shown(member.city))
        if member.city
        else word("place.shared" if member.latitude is not None else "place.none")
    )
