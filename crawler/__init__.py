"""Collecting photographs of couples; knows the engine and the database, not the bot."""
