"""The shape of every method."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.local.parameters import Parameters
from bot.local.world import World

# From the world and the call's parameters to the JSON value of `result`; refusals are raised as ApiError.
Method = Callable[[World, Parameters], Awaitable[object]]
