"""Whatever the relay queues of a member's words is closed with that member's own key, whichever way it came into the outbox."""

from __future__ import annotations

from sqlalchemy import select

from bot.incoming import File, Incoming
from bot.usecases import relay, relay_held
from db import erasure, members, messages, outbox
from db.records import OutboxRow
from db.tables import outbox as table
from tests.bot.meeting import Town, keys

SECRET = "nobody else's business"
CARD = {"first_name": SECRET, "phone_number": "+82 10 0000 0000"}


def waiting(town: Town) -> list[OutboxRow]:
    wanted = select(table).where(table.c.state == "waiting").order_by(table.c.id)
    return town.database.read(lambda connection: [OutboxRow(**row) for row in connection.execute(wanted).mappings()])


def test_nothing_that_a_member_said_opens_in_a_backup_after_they_erased_themselves(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    for member in couple:
        town.database.transact(members.update, member, town.now, verified=True)
    town.mail()
    file = File("F", "u", size=10, mime="application/pdf", name="x.pdf")
    town.act(her, relay.receive, Incoming(1, "text", SECRET))
    town.database.transact(outbox.lease, "sender", town.now, 60, 9)
    town.act(her, relay.edited, Incoming(1, "text", f"{SECRET}, changed", mark="1"))  # behind the row that is on its way
    town.act(her, relay.edited, Incoming(1, "text", f"{SECRET}, again", mark="2"))  # into the change that waits
    town.act(her, relay.receive, Incoming(2, "document", SECRET, file=file))
    town.act(her, relay.edited, Incoming(2, "document", f"{SECRET}, changed", file=file, mark="3"))
    for number in (3, 4):
        town.act(her, relay.receive, Incoming(number, "photo", SECRET, album="g", file=File("P", "p", look="Q")))
    town.act(her, relay.receive, Incoming(5, "contact", body=CARD))
    held = town.database.read(messages.by_sender, her, 5)
    assert held is not None
    assert keys(town.act(her, relay_held.let_go, held.id)) == ["relay.held_sent"]
    town.act(him, relay.receive, Incoming(6, "text", "his own words"))
    backup = waiting(town)
    opened = [str(row.payload) for row in town.database.read(outbox.opened, backup)]
    assert sum(SECRET in one for one in opened) == 5, "the text, its change, the file, the album, the card"
    assert SECRET not in str([row.payload for row in backup])
    town.database.transact(erasure.erase, her, town.now)
    opened = [str(row.payload) for row in town.database.read(outbox.opened, backup)]
    assert not [one for one in opened if SECRET in one]
    assert [one for one in opened if "his own words" in one]
