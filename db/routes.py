"""Where a plain message goes, for many senders in one statement: the sender, the chat that is open, the partner, and the pace."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, bindparam, case, select

from db.records import Member, Pair
from db.swift import Swift
from db.tables import members, messages, pairs


@dataclass(frozen=True, slots=True)
class Route:
    """What a message that answers nothing needs.

    Attributes:
        member: who writes.
        pair: the chat that the member has open, ended or not; None where none is.
        partner: the other of the two.
        nth_newest_at: when the member sent the message that is as many back as a minute allows; None where there are fewer.
        said_at: when the member sent their newest message.
        heard_pair: from which chat the newest message came that reached the member.
        heard_at: when it was sent.

    """

    member: Member
    pair: Pair | None
    partner: Member | None
    nth_newest_at: dt.datetime | None
    said_at: dt.datetime | None = None
    heard_pair: int | None = None
    heard_at: dt.datetime | None = None


_partner = members.alias("partner")
_FIELDS = {Member: [field.name for field in fields(Member)], Pair: [field.name for field in fields(Pair)]}
_NEWEST_SAID = select(messages.c.created_at).where(messages.c.sender_id == members.c.id).order_by(messages.c.sender_message_id.desc())
_HEARD = messages.c.recipient_id == members.c.id, messages.c.recipient_message_id.is_not(None)
_NEWEST_HEARD = messages.c.recipient_message_id.desc()
_history = (
    _NEWEST_SAID.limit(1).offset(bindparam("nth")).correlate(members).scalar_subquery(),
    _NEWEST_SAID.limit(1).correlate(members).scalar_subquery(),
    select(messages.c.pair_id).where(*_HEARD).order_by(_NEWEST_HEARD).limit(1).correlate(members).scalar_subquery(),
    select(messages.c.created_at).where(*_HEARD).order_by(_NEWEST_HEARD).limit(1).correlate(members).scalar_subquery(),
)
_ROUTES = select(
    *(members.c[name] for name in _FIELDS[Member]),
    *(pairs.c[name] for name in _FIELDS[Pair]),
    *(_partner.c[name] for name in _FIELDS[Member]),
    *_history,
).select_from(
    members.outerjoin(pairs, pairs.c.id == members.c.active_pair_id).outerjoin(
        _partner, _partner.c.id == case((pairs.c.lo == members.c.id, pairs.c.hi), else_=pairs.c.lo)
    )
)
_MANY = _ROUTES.where(members.c.telegram_id.in_(bindparam("people", expanding=True)))
_ONE = Swift(_ROUTES.where(members.c.telegram_id == bindparam("person")))
_MEMBER, _PAIR = len(_FIELDS[Member]), len(_FIELDS[Pair])


def of(connection: Connection, telegram_ids: Collection[int], rate: int) -> dict[int, Route]:
    """The routes of these Telegram accounts, of those who are members; `rate` is how many messages a minute allows."""
    if len(telegram_ids) == 1:
        found: Iterable[Sequence[Any]] = _ONE.rows(connection, {"person": next(iter(telegram_ids)), "nth": rate - 1})
    else:
        found = connection.execute(_MANY, {"people": list(telegram_ids), "nth": rate - 1})
    return {route.member.telegram_id: route for route in map(_route, found)}


def _route(row: Sequence[Any]) -> Route:
    values = tuple(row)
    pair, partner = values[_MEMBER : _MEMBER + _PAIR], values[_MEMBER + _PAIR : -len(_history)]
    return Route(
        Member(*values[:_MEMBER]),
        None if pair[0] is None else Pair(*pair),
        None if partner[0] is None else Member(*partner),
        *values[-len(_history) :],
    )
