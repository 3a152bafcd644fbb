"""Servers on this machine that behave as the documentation of the real ones says, and misbehave on demand."""
