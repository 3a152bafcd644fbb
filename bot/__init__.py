"""Telegram bot: handlers at the edge, use cases inside, words and pictures that members see."""
