"""What is stored, on SQLite and on MySQL or MariaDB alike; knows no Telegram and no vision."""
