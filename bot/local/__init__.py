"""A Bot-API server of our own with a chat page: the product's local mode and the other side of its tests."""
