"""Exchanges two folders in one step, if the system can."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from pathlib import Path


def exchange(first: Path, second: Path) -> bool:
    """Exchange two folders in one step; returns False if the system cannot."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        one, two = os.fsencode(first), os.fsencode(second)
        if sys.platform == "linux":
            # renameat2(AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE)
            result = library.renameat2(-100, one, -100, two, 2)
        elif sys.platform == "darwin":
            # renamex_np(first, second, RENAME_SWAP)
            result = library.renamex_np(one, two, 2)
        else:
            return False
    except (AttributeError, OSError, TypeError):
        return False
    if result == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM):
        return False
    raise OSError(number, os.strerror(number), str(second))
