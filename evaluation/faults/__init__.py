"""Does the relay lose, reorder or repeat messages while everything round it breaks?

`python -m evaluation.faults` starts the product as operators do, lets pairs of members write to each other over the Bot API server's
HTTP, and meanwhile kills the bot, restarts its database, and lets the server refuse, fail and hang up.  In the end it compares
what was written with what arrived.
"""
