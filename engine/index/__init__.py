"""Whom a request is about, among all members: two-way filters and the largest inner products, exactly (docs/scale.md)."""
