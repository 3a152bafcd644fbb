"""What types are called and look like, as admins change it: the question, the picture that is looked at first, what came of it.

A name is one message.  A picture is sent, shown as it would look, and used once the admin said that it shows no real person; until
then only Telegram has it, and the draft says which file it is.  `audited` stands in a transaction of its own before the registry is
told: a change that then cannot be stored leaves a row too many, never one too few.
"""

from __future__ import annotations

from typing import Final

from bot import answers
from bot.context import Context
from bot.keyboards import MODELS, button, grid
from bot.replies import Clear, Notice, Picture, Replies, Say, word
from bot.usecases import detour, figures
from bot.usecases.admin import note
from db import members
from db.records import Member
from db.session import Connection
from engine.pictures import is_given, least
from engine.registry import Change, mark
from engine.types import GROUPS, TypeInfo

STEP: Final = "edit.type_name"
LIMIT: Final = 40
"""Characters of a type's name: more do not fit onto a card."""


def rename(connection: Connection, context: Context, admin: Member, group: str = "") -> Replies:
    """Which type to change: a group first, then one of its types."""
    note(connection, context, admin, "models.rename", "all")
    if group not in GROUPS:
        groups = [button(f"chart.group.{name}", "models_rename", choice=name) for name in GROUPS]
        return [Say(word("models.which_group"), grid(groups, 2))]
    infos = context.pack.groups[group].types
    types = [button(word("models.type", name=figures.named(info)), "type_name", choice=info.id) for info in infos]
    return [Say(word("models.which_type"), grid(types, 1))]


def rename_type(connection: Connection, context: Context, admin: Member, type_id: str) -> Replies:
    """Ask for the new name, or another picture."""
    info = context.pack.by_id.get(type_id)
    note(connection, context, admin, "type.opened", f"type:{type_id[:40]}")
    if info is None:
        return [Notice(word("models.type_gone"))]
    detour.begin(connection, context, admin, STEP, type=type_id)
    automatic = ((button("models.use_automatic", "type_automatic", choice=type_id),),) if is_given(info, context.pack) else ()
    wide, high = least(info.kind)
    return [
        Say(word("models.new_name", name=figures.named(info), wide=wide, high=high), (*automatic, (button("steering.no", "rename_no"),)))
    ]


def split(text: str) -> tuple[str, str] | None:
    """`한국어 / English` as two names; None where it is not two of them, or one is too long.

    >>> split("따뜻한 눈매 / Warm eyes")
    ('따뜻한 눈매', 'Warm eyes')
    >>> split("only one") is None
    True
    """
    parts = [" ".join(answers.clean(part).split()) for part in text.split("/")]
    if len(parts) != 2 or not all(0 < len(part) <= LIMIT for part in parts):
        return None
    return parts[0], parts[1]


def not_renamed(connection: Connection, context: Context, admin: Member) -> Replies:
    """Neither two names nor a picture; the question stays."""
    note(connection, context, admin, "type.kept", "all")
    return [Say(word("models.bad_name", n=LIMIT))]


def asked_about(context: Context, admin: Member) -> TypeInfo | None:
    """The type that is being changed; None where no question is open, or the type is gone."""
    return context.pack.by_id.get(str(admin.draft.get("type", ""))) if admin.step == STEP else None


def propose(connection: Connection, context: Context, admin: Member, type_id: str, file_id: str, picture: bytes) -> Replies:
    """Show a picture as it would look; nothing has changed yet."""
    note(connection, context, admin, "type.proposed", f"type:{type_id[:40]}", {"picture": mark(picture)})
    info = asked_about(context, admin)
    if info is None or info.id != type_id:
        return gone(connection, context, admin)
    detour.begin(connection, context, admin, STEP, type=type_id, file=file_id, picture=mark(picture))
    rows = ((button("models.picture_yes", "type_picture_yes", choice=mark(picture)),), (button("steering.no", "type_picture_no"),))
    return [Picture(picture, word("models.picture_look", name=figures.named(info)), rows)]


def not_taken(connection: Connection, context: Context, admin: Member, info: TypeInfo, reason: str) -> Replies:
    """A picture cannot be used; the question stays."""
    note(connection, context, admin, "type.kept", f"type:{info.id}", {"reason": reason})
    wide, high = least(info.kind)
    return [Say(word(f"models.no_picture.{reason}", wide=wide, high=high))]


def not_read(connection: Connection, context: Context, admin: Member, info: TypeInfo, reason: str, file_id: str, picture: str) -> Replies:
    """A picture that was confirmed cannot be read again now: it goes on waiting, though a button has ended the question."""
    detour.begin(connection, context, admin, STEP, type=info.id, file=file_id, picture=picture)
    return not_taken(connection, context, admin, info, reason)


def gone(connection: Connection, context: Context, admin: Member) -> Replies:
    """The type that was asked about is in use no more."""
    note(connection, context, admin, "type.kept", "all")
    detour.end(connection, context, admin)
    return [Say(word("models.type_gone"))]


def waiting(admin: Member, picture: str) -> tuple[str, str] | None:
    """(type id, file id) of the picture that was looked at last, where it is this one."""
    if admin.step != STEP or not picture or admin.draft.get("picture") != picture:
        return None
    return str(admin.draft.get("type", "")), str(admin.draft.get("file", ""))


def picture_gone(connection: Connection, context: Context, admin: Member) -> Replies:
    """The button of a picture that waits no more."""
    note(connection, context, admin, "type.kept", "all")
    return [Notice(word("models.picture_gone"), alert=True), Clear()]


def leave_picture(connection: Connection, context: Context, admin: Member) -> Replies:
    """The picture is not used."""
    note(connection, context, admin, "steering.cancelled", "all")
    detour.end(connection, context, admin)
    return [Clear(), Say(word("steering.cancelled"))]


def audited(connection: Connection, context: Context, admin_id: int, change: Change) -> bool:
    """Put a change into the audit log, before anybody makes it; whether there is such a type.

    Raises:
        PermissionError: this is no admin.

    """
    admin = members.by_id(connection, admin_id)
    if admin is None or change.type_id not in context.pack.by_id:
        return False
    note(connection, context, admin, change.action, f"type:{change.type_id}", change.detail)
    return True


def changed(connection: Connection, context: Context, admin: Member, change: Change) -> Replies:
    """The registry has it."""
    detour.end(connection, context, admin)
    info = context.pack.by_id.get(change.type_id)
    named = "" if info is None else figures.named(info)
    if change.automatic:
        return [Clear(), Say(word("models.automatic", name=named), ((MODELS,),))]
    if change.picture is not None:
        return [Clear(), Say(word("models.pictured", name=named), ((MODELS,),))]
    return [Say(word("models.renamed", ko=change.name_ko, en=change.name), ((MODELS,),))]


def kept(connection: Connection, context: Context, admin: Member, change: Change, *, gone: bool) -> Replies:
    """The registry does not have it: there is no such type any more, or it cannot be written."""
    note(connection, context, admin, "type.kept", f"type:{change.type_id[:40]}", {"reason": "gone" if gone else "not_stored"})
    return [Say(word("models.type_gone" if gone else "models.not_stored"))]
