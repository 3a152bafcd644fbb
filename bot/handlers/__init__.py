"""aiogram routers, one a feature, thin: update in, use case, replies out."""
