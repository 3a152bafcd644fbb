"""Whom to meet: chances of a like both ways, exposure, newcomers, the order of cards, the day's pairs."""
