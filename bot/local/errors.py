"""What the local server refuses.

LocalError
├── ApiError     answered to the bot as Telegram answers: error_code, description, parameters
└── PageError    answered to the chat page: status and a sentence
"""

from __future__ import annotations


class LocalError(Exception):
    """Root of everything that the local server raises on purpose."""


class ApiError(LocalError):
    """A refusal of the Bot API in Telegram's own code and words.

    `retry_after` (seconds) is sent as `parameters.retry_after` of a 429.
    """

    def __init__(self, code: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after

    def body(self) -> dict[str, object]:
        """The JSON object that Telegram answers."""
        answer: dict[str, object] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.retry_after is not None:
            answer["parameters"] = {"retry_after": self.retry_after}
        return answer


class PageError(LocalError):
    """A refusal for the chat page: an HTTP status and one English sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def bad_request(description: str) -> ApiError:
    """A 400 with Telegram's prefix."""
    return ApiError(400, f"Bad Request: {description}")


def forbidden(description: str) -> ApiError:
    """A 403 with Telegram's prefix."""
    return ApiError(403, f"Forbidden: {description}")


def too_many_requests(seconds: int) -> ApiError:
    """A 429 that asks to wait for `seconds`."""
    return ApiError(429, f"Too Many Requests: retry after {seconds}", seconds)
