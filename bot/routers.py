"""The order in which features are asked whether an update is theirs: the first that takes it has it."""

from __future__ import annotations

from aiogram import Router

from bot.handlers import (
    admin,
    care,
    chats,
    compat,
    consents,
    couples,
    discover,
    errors,
    fallback,
    likes,
    membership,
    privacy,
    profile,
    relay,
    safety,
    selfie,
    start,
    steering,
    verification,
)


def all_routers() -> tuple[Router, ...]:
    """New routers in their order (a router belongs to one dispatcher, so each start makes its own).

    What everybody may do comes first; then whoever is not ready is kept at the questions; then the features; then the rest.
    """
    return (
        errors.make(),
        membership.make(),
        membership.make_stopped(),
        verification.make(),
        compat.make(),
        couples.make(),
        start.make(),
        admin.make(),
        steering.make(),
        privacy.make(),
        safety.make(),
        consents.make(),
        care.make(),
        selfie.make(),
        start.make_onboarding(),
        selfie.make_album(),
        profile.make(),
        discover.make(),
        likes.make(),
        chats.make(),
        relay.make(),
        fallback.make(),
    )
