"""Places and people on cards: sendLocation with its live kind, sendVenue, sendContact."""

from __future__ import annotations

import telegram

from bot.local.compose import delivery
from bot.local.errors import bad_request
from bot.local.keyboards import read_markup
from bot.local.live import live_until, still
from bot.local.methods.editing import editable, put
from bot.local.methods.kind import Method
from bot.local.parameters import Parameters
from bot.local.values import LIVE_FOREVER, LIVE_SECONDS, Json
from bot.local.world import World


async def send_location(world: World, parameters: Parameters) -> Json:
    """sendLocation."""
    content = {"location": location(parameters).to_dict()}
    return delivery(world, parameters).send(content).data


def location(parameters: Parameters, *, live: bool = True) -> telegram.Location:
    """The place that a call names; `live`: it may be one that moves.

    Raises:
        ApiError: coordinates that are missing or not on earth, or a period that Telegram does not offer.

    """
    if not parameters.has("latitude"):
        raise bad_request("latitude is empty")
    if not parameters.has("longitude"):
        raise bad_request("longitude is empty")
    latitude, longitude = parameters.number("latitude"), parameters.number("longitude")
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise bad_request("wrong latitude or longitude specified")
    more: Json = {}
    if (accuracy := parameters.number("horizontal_accuracy")) > 0:
        more["horizontal_accuracy"] = min(accuracy, 1500.0)
    if live and (period := parameters.integer("live_period")):
        if not LIVE_SECONDS[0] <= period <= LIVE_SECONDS[1] and period != LIVE_FOREVER:
            raise bad_request("wrong live location period specified")
        more |= {"live_period": period, **moving(parameters)}
    return telegram.Location(longitude, latitude, **more)


def moving(parameters: Parameters) -> Json:
    """Heading (degrees) and alert radius (metres) of a live location.

    Raises:
        ApiError: one out of its bounds.

    """
    more = {}
    for name, highest in (("heading", 360), ("proximity_alert_radius", 100_000)):
        if number := parameters.integer(name):
            if not 1 <= number <= highest:
                raise bad_request(f"wrong live location {name.replace('_', ' ')} specified")
            more[name] = number
    return more


async def edit_live_location(world: World, parameters: Parameters) -> Json:
    """editMessageLiveLocation, until the period ends or the location is stopped."""
    place = location(parameters, live=False).to_dict() | moving(parameters)
    markup = read_markup(parameters)
    stored = editable(world, parameters)
    if live_until(stored) <= world.clock():
        raise bad_request("message can't be edited")
    period = parameters.integer("live_period") or stored.data["location"]["live_period"]
    if period < LIVE_SECONDS[0]:
        raise bad_request("wrong live location period specified")
    return put(world, stored, {"location": {**place, "live_period": period}}, markup.inline)


async def stop_live_location(world: World, parameters: Parameters) -> Json:
    """stopMessageLiveLocation."""
    markup = read_markup(parameters)
    stored = editable(world, parameters)
    if live_until(stored) <= world.clock():
        raise bad_request("message can't be edited")
    return put(world, stored, {"location": still(stored.data["location"])}, markup.inline)


def venue(parameters: Parameters) -> Json:
    """The content of a venue; the message carries its location too, as Telegram's does.

    Raises:
        ApiError: one without a title or an address, or not on earth.

    """
    place = location(parameters, live=False)
    title, address = parameters.text("title"), parameters.text("address")
    if not title:
        raise bad_request("title is empty")
    if not address:
        raise bad_request("address is empty")
    known = ("foursquare_id", "foursquare_type", "google_place_id", "google_place_type")
    more: Json = {name: parameters.text(name) for name in known if parameters.has(name)}
    return {"venue": telegram.Venue(place, title, address, **more).to_dict(), "location": place.to_dict()}


async def send_venue(world: World, parameters: Parameters) -> Json:
    """sendVenue."""
    return delivery(world, parameters).send(venue(parameters)).data


async def send_contact(world: World, parameters: Parameters) -> Json:
    """sendContact."""
    return delivery(world, parameters).send({"contact": contact(parameters).to_dict()}).data


def contact(parameters: Parameters) -> telegram.Contact:
    """The contact that a call names.

    Raises:
        ApiError: one without a number or a name, or with a card over 2048 bytes.

    """
    phone, name, card = parameters.text("phone_number"), parameters.text("first_name"), parameters.text("vcard")
    if not phone:
        raise bad_request("phone number is empty")
    if not name:
        raise bad_request("first name is empty")
    if len(card.encode()) > 2048:
        raise bad_request("CONTACT_VCARD_TOO_LONG")
    return telegram.Contact(phone, name, parameters.text("last_name") or None, parameters.integer("user_id") or None, card or None)


METHODS: dict[str, Method] = {
    "sendLocation": send_location,
    "editMessageLiveLocation": edit_live_location,
    "stopMessageLiveLocation": stop_live_location,
    "sendVenue": send_venue,
    "sendContact": send_contact,
}
