"""How commands end: the exit status and the one line for each way."""

from __future__ import annotations

import os
import signal
import time

import pytest

from engine.commands.guarding import Stopping, guarded
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("error", [ImportError("how to install numpy"), EngineError("OpenVINO cannot be loaded"), ValueError("--top")])
def test_what_an_interruption_breaks_is_no_error(number: signal.Signals, error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    # A shell starts jobs in the background with Ctrl-C switched off, tests as well.
    usual = signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL
    outside = signal.signal(number, usual)

    def work() -> int:
        try:
            signal.raise_signal(number)
        except KeyboardInterrupt:
            raise error from None
        return 0

    try:
        assert guarded("cook", work, (ValueError,), (EngineError,), terminable=True) == 1
        assert capsys.readouterr() == ("", "stopped\n")
        assert signal.getsignal(number) is usual
    finally:
        signal.signal(number, outside)


def test_what_is_switched_off_stays_off() -> None:
    def work() -> int:
        signal.raise_signal(signal.SIGINT)
        return 0

    outside = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert guarded("cook", work, (ValueError,), (EngineError,)) == 0
    finally:
        signal.signal(signal.SIGINT, outside)


def test_a_signal_after_the_work_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    stopping = Stopping()
    with stopping.listening((signal.SIGTERM,)):
        pass
    stopping(signal.SIGTERM, None)
    assert not stopping.asked


def test_a_signal_that_fell_into_a_destructor_is_heeded_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    class Fragile:
        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.01)  # the handler runs here, and what it raises Python drops

    def work() -> int:
        Fragile()
        for _ in range(1000):
            time.sleep(0.01)
        return 0

    assert guarded("cook", work, (ValueError,), (EngineError,), terminable=True) == 1
    assert capsys.readouterr() == ("", "stopped\n")
