"""
The program, which kills itself (SIGKILL) at a line of its own code.

`python -m tests.long.doomed AREA COUNT WHERE PROGRAM -m jatossync …`: at the COUNT-th line that is
carried out, by whatever thread, in files whose path contains AREA. The line is written to WHERE.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any


def doom(area: str, count: int, where: Path) -> None:
    """From now on lines are counted."""
    left = count

    def line(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if event == "line":
            left -= 1
            if left <= 0:
                name = frame.f_code.co_filename.rpartition("/jatossync/")[2]
                where.write_text(f"{name}:{frame.f_lineno}")
                os.kill(os.getpid(), signal.SIGKILL)
        return line

    def call(frame: FrameType, _event: str, _arg: Any) -> Any:
        return line if area in frame.f_code.co_filename else None

    threading.settrace(call)
    sys.settrace(call)


if __name__ == "__main__":
    area, count, where, _program, _m, module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    doom(area, int(count), Path(where))
    runpy.run_module(module, run_name="__main__", alter_sys=True)
