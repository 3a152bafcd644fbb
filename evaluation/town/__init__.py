"""A made-up town whose members' tastes are known, to measure matching by: `docs/matching.md` says what it can and cannot show."""
