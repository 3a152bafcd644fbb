"""Chats and files: getChat, getFile, getUserProfilePhotos, pinned messages."""

from __future__ import annotations

import telegram

from bot.local.errors import bad_request
from bot.local.methods.kind import Method
from bot.local.parameters import Parameters
from bot.local.values import Json
from bot.local.world import World


async def get_chat(world: World, parameters: Parameters) -> Json:
    """getChat: what is known about a private chat, with its pinned message."""
    person = world.member(parameters.text("chat_id"))
    chat = world.chats[person.id]
    gifts = telegram.AcceptedGiftTypes(*(False,) * 5)
    info = telegram.ChatFullInfo(person.id, "private", 0, 11, gifts, first_name=person.name).to_dict()
    if chat.pinned and (pinned := chat.messages.get(chat.pinned[-1])):
        info["pinned_message"] = pinned.data
    if person.avatar and (file := world.files.get(person.avatar)):
        sizes = file.media
        info["photo"] = telegram.ChatPhoto(
            sizes[0]["file_id"], sizes[0]["file_unique_id"], sizes[-1]["file_id"], sizes[-1]["file_unique_id"]
        ).to_dict()
    return info


async def get_chat_member(world: World, parameters: Parameters) -> Json:
    """getChatMember: in a private chat the person and the bot are its members."""
    person = world.member(parameters.text("chat_id"))
    user = world.user(parameters.integer("user_id"))
    if user is None or user.id not in (person.id, world.profile.id):
        raise bad_request("PARTICIPANT_ID_INVALID")
    return telegram.ChatMemberMember(user).to_dict()


async def get_file(world: World, parameters: Parameters) -> Json:
    """getFile: where to download a file of up to 20 MB."""
    file = world.files.described(parameters.text("file_id"))
    return telegram.File(file.file_id, file.unique_id, file.size, file.path).to_dict()


async def get_user_profile_photos(world: World, parameters: Parameters) -> Json:
    """getUserProfilePhotos: the avatar, if there is one."""
    person = world.people.get(parameters.integer("user_id"))
    if person is None:
        raise bad_request("user not found")
    file = world.files.get(person.avatar) if person.avatar else None
    photos = [file.media] if file and parameters.integer("offset") == 0 else []
    return {"total_count": 1 if file else 0, "photos": photos}


async def pin(world: World, parameters: Parameters) -> bool:
    """pinChatMessage."""
    person = world.recipient(parameters.text("chat_id"))
    stored = world.message(person, parameters.integer("message_id"), "message to pin not found")
    chat = world.chats[person.id]
    chat.pinned = [*(number for number in chat.pinned if number != stored.id), stored.id]
    world.keep_chat(person)
    return True


async def unpin(world: World, parameters: Parameters) -> bool:
    """unpinChatMessage: the named message, else the newest pinned one."""
    person = world.recipient(parameters.text("chat_id"))
    chat = world.chats[person.id]
    number = parameters.integer("message_id") or (chat.pinned[-1] if chat.pinned else 0)
    if number not in chat.pinned:
        raise bad_request("message to unpin not found")
    chat.pinned = [pinned for pinned in chat.pinned if pinned != number]
    world.keep_chat(person)
    return True


async def unpin_all(world: World, parameters: Parameters) -> bool:
    """unpinAllChatMessages."""
    person = world.recipient(parameters.text("chat_id"))
    world.chats[person.id].pinned = []
    world.keep_chat(person)
    return True


METHODS: dict[str, Method] = {
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getFile": get_file,
    "getUserProfilePhotos": get_user_profile_photos,
    "pinChatMessage": pin,
    "unpinChatMessage": unpin,
    "unpinAllChatMessages": unpin_all,
}
