"""Members with looks: vectors and types as the engine would have read them, without a photo of anybody."""

from __future__ import annotations

import numpy as np

from bot.usecases import types
from db import members, photos
from db import types as member_types
from db.records import TypeRow
from db.session import Connection
from engine.embedding import packed, unit
from tests.bot.meeting import Town, small_pack, surroundings


def look(town: Town, member_id: int, axis: int, noise: int | None = None, garments: tuple[str, ...] = ()) -> None:
    """A face and clothes near an axis of the small pack, so that the type of that number is the member's."""

    def store(connection: Connection) -> None:
        pack = small_pack()
        listed = [TypeRow(i.id, i.group, i.kind, i.gender, i.name, i.name_ko) for i in pack.types]
        member_types.sync(connection, listed, pack.version, town.now)
        photo = photos.of(connection, member_id)[0]
        face = np.eye(4, dtype=np.float32)[axis]
        if noise is not None:
            face = unit(face + 0.3 * np.random.default_rng(noise).standard_normal(4).astype(np.float32))
        for kind, vector, version in (("face", face, pack.face_model), ("fashion", unit(np.concatenate([face, face])), pack.fashion_model)):
            photos.add_vector(connection, photo.id, "face" if kind == "face" else "fashion", version, "test", packed(vector), len(vector))
        if garments:
            photos.set_facts(connection, photo.id, {"garments": [{"label": label, "colour": "#445566"} for label in garments]})
        member = members.by_id(connection, member_id)
        assert member is not None
        types.retype(connection, surroundings(town.now), member)

    town.database.transact(store)
