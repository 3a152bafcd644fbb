"""What happens, without aiogram: functions of (connection, context, member, …) that return replies."""
