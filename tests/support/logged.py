"""What a module logs, whatever the level is that the app was configured with."""

from types import ModuleType

import pytest
from structlog.testing import CapturingLogger


class Logged:
    """The lines that a module has logged since: their events, and their fields."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> None:
        self._logger = CapturingLogger()
        monkeypatch.setattr(module, "log", self._logger)

    @property
    def events(self) -> list[str]:
        return [call.args[0] for call in self._logger.calls]

    @property
    def fields(self) -> list[dict[str, object]]:
        return [call.kwargs for call in self._logger.calls]
