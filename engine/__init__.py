"""Vision, types and matching; knows no Telegram, no SQL and no settings file."""
