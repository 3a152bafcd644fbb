"""What the town is like.  Each figure says where it is from; what has no source is called an assumption.

Tastes and habits were written down before the product's ranking was ever run in the town, and its figures moved none of them; the
size (members, weeks) was cut once, from 900 and 5, so that the suite takes minutes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Town:
    """Members, tastes and habits.  Utilities are in logits: a like has the chance 1 / (1 + exp(-utility))."""

    # Size and time (assumption: a young service in one city)
    members: int = 600
    """On the first day."""
    arrivals: float = 40.0
    """A week."""
    weeks: int = 4

    # Who is there
    women: float = 0.40
    """Men outnumber women on dating apps: 60 % men on Tinder by surveys, up to 76 % (mazeoflove.com, wifitalents.com)."""
    other: float = 0.01
    """Neither woman nor man (assumption)."""
    own_gender: float = 0.06
    """Seek their own gender (assumption, near population surveys)."""
    everyone: float = 0.03
    """Seek everyone (assumption)."""
    age_mean: float = 28.0
    age_sigma: float = 0.18
    """Width of the log-normal of ages, cut to 18-50: apps are used mostly by people of 18 to 35."""
    city_km: float = 9.0
    """Standard deviation of where people live, north and east, round the centre of a city (assumption)."""

    # Whom they let in: hard filters
    men_seek: tuple[float, float] = (-9.0, 3.0)
    women_seek: tuple[float, float] = (-3.0, 9.0)
    """Mean lowest and highest age sought, in years from the own (assumption, round the contacted ages below); spread 2 years."""
    narrow: float = 0.25
    """Share of members who search within 10 or 30 km; the others within 50 km or anywhere (assumption)."""

    # How often they like
    likes_men: float = 0.34
    """Share of profiles that men like: median 5,096 likes to 10,051 passes (swipestats.io, 3,700 Tinder users)."""
    likes_women: float = 0.10
    """Between Tinder's 0.05 (989 to 19,553, swipestats.io) and Hinge's 0.15 (wifitalents.com)."""
    selectivity: float = 0.8
    """Standard deviation of members' own leniency (assumption: means and medians above differ that much)."""
    aspiration: float = 0.35
    """Correlation of being sought with being choosy: replies fall as the gap in desirability grows (Bruch & Newman 2018)."""

    # Shared taste: popularity
    desired_women: float = 1.75
    desired_men: float = 1.65
    """Standard deviation of desirability.  With these the Gini of chances to be liked is near what Hinge reported: 0.38 of women, 0.54
    of men (Goldgeier 2017, quoted by Quartz)."""

    # Shared taste: types
    type_taste: float = 0.40
    """Standard deviation of what a viewer of one type feels about another type, in each direction and for each kind (face, fashion).
    The couples' lifts that follow are log-normal of width 0.57, the assumption of the suite `planted` (0.5)."""
    resemblance: float = 0.15
    """How much the likeness of two types' anchors adds: less than half of the product's prior (Tea-makorn & Kosinski 2020 find little)."""
    couples: int = 3000
    """Observed couples whose types the service knows."""

    # Private taste: 48 % of the reliable variance of ratings of faces is common, 52 % individual (Germine 2015; Hönekopp 2006), and so
    # it is here: 1.75² + … against own_face² + own_fashion² + own_rest² + 2 type_taste².
    own_face: float = 1.15
    """Standard deviation of the own direction in face space."""
    own_fashion: float = 0.75
    """… in fashion space."""
    own_rest: float = 0.80
    """… in what no vector shows (words, manners, chance), fixed for each ordered pair."""

    # Ages and distance
    men_contact: tuple[float, float] = (-4.2, 6.3)
    women_contact: tuple[float, float] = (1.8, 5.3)
    """Mean and standard deviation of the age, in years from the own, of those who are contacted (Fiore 2004); a quadratic penalty."""
    per_km: float = 0.02
    """Utility lost a kilometre (assumption: people prefer the near)."""

    # Habits
    active: float = 0.35
    """Mean share of days on which a present member looks at cards; members differ (Beta with 1.5 successes of the mean)."""
    cards_men: float = 5.0
    cards_women: float = 4.0
    """Mean cards looked at on such a day, geometric.  Services that choose for people show few: Coffee Meets Bagel up to 21 a day to
    men and 5 to women (China Daily 2016)."""
    opens_likes: float = 0.5
    """Share of sessions that begin with those who liked them, up to half of its cards; the product tells of likes (assumption)."""
    first_week_loss: float = 0.25
    weekly_loss: float = 0.06
    """Who leaves: monthly churn of 15-25 % in dating and heavy loss at the start (highintentmediagroup.com, coralsoft.io: 10-15 % of
    installs stay 30 days; members with a complete profile are fewer and stay longer)."""
    pause: float = 0.10
    """Share of members who pause for a week at some time (assumption)."""
    blocks: float = 0.003
    """Share of skips that end in a block (assumption)."""

    # After a match
    writes: float = 0.5
    """Half of the matches are talked to (cultureplot.com)."""
    replies: float = 0.6
    """Chance of a reply within a week by somebody who is active within it (assumption; 32 % of all first messages, OkTrends)."""

    @property
    def days(self) -> int:
        """How long the town is watched."""
        return 7 * self.weeks


SENSITIVITY: dict[str, Town] = {
    "more private taste": Town(own_face=1.7, own_fashion=1.1, type_taste=0.25, desired_women=1.0, desired_men=1.0),
    "more popularity skew": Town(desired_women=2.6, desired_men=2.5),
    "fewer members": Town(members=220, arrivals=15.0),
    "no couples observed": Town(couples=0),
    "tastes that no vector shows": Town(own_face=0.0, own_fashion=0.0, type_taste=0.0, own_rest=1.65),
    "nobody opens the list of likes": Town(opens_likes=0.0),
}
"""Other towns, in which the same is measured; what changes is named."""
