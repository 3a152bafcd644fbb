"""The evaluations, in the order of the report.  A new one is a file in `suites/` and a line here."""

from __future__ import annotations

from evaluation.context import Suite
from evaluation.suites import (
    age,
    clustering,
    compat,
    couples,
    distil,
    files,
    gender,
    groups,
    hostile,
    identities,
    identity,
    liveness,
    minors,
    planted,
    preprocess,
    replay,
    said,
    scams,
    stability,
    town,
)

SUITES = (
    Suite("identity", "Telling people apart", ("faces_identity",), identity.run),
    Suite("preprocess", "Alignment and light before embedding", ("faces_identity",), preprocess.run),
    Suite("identities", "Who is who among many faces", ("faces_identity",), identities.run),
    Suite("stability", "Does a person keep their type?", ("faces_identity",), stability.run),
    Suite("clustering", "Types: ways to make them", ("portraits_ai", "fashion_street_ccp", "faces_identity"), clustering.run),
    Suite("gender", "Gender of adults", ("faces_age_gender",), gender.run),
    Suite("age", "Age of adults", ("faces_age_gender",), age.run),
    Suite("minors", "Turning minors away", ("faces_age_gender",), minors.run),
    Suite("groups", "Errors compared between groups", ("faces_age_gender",), groups.run),
    Suite("couples", "Telling couples from bystanders", ("couples",), couples.run),
    Suite("distil", "Assigning types: networks compared", ("portraits_ai", "faces_age_gender", "fashion_street_ccp"), distil.run),
    Suite("planted", "Is a planted affinity found?", (), planted.run),
    Suite("town", "Whom to meet: a made-up town", (), town.run),
    Suite("replay", "Whom to meet: replay of logged answers", (), replay.run),
    Suite("compat", "Compatibility of two people", (), compat.run),
    Suite("liveness", "Verification by video", ("portraits_ai", "faces_identity"), liveness.run),
    Suite("said", "Words that say somebody is under 18", (), said.run),
    Suite("scams", "Signs of fraud in messages", (), scams.run),
    Suite("files", "Every file of the data", (), files.run),
    Suite("hostile", "Hostile files", (), hostile.run),
)
