"""How commands end: the exit status and the one line for each way."""

from __future__ import annotations

import pytest

from engine.commands.guarding import guarded
from engine.errors import EngineError


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (ValueError("--top must be 1 or more"), 2, "cook: --top must be 1 or more\n"),
        (EngineError("the pack is damaged"), 1, "cook: the pack is damaged\n"),
        (KeyboardInterrupt(), 1, "stopped\n"),
    ],
)
def test_what_can_be_foreseen_is_a_status_and_one_line(
    error: BaseException, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> int:
        raise error

    assert guarded("cook", work, (ValueError,), (EngineError,)) == status
    assert capsys.readouterr() == ("", said)


def test_the_status_of_the_work_is_kept() -> None:
    assert guarded("cook", lambda: 3, (ValueError,), (EngineError,)) == 3


def test_a_defect_is_not_hidden() -> None:
    def work() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        guarded("cook", work, (ValueError,), (EngineError,))
