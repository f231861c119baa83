"""The program: finds the verb's module on demand and maps errors to exit codes."""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

import click

from .. import __version__
from ..display import shown
from ..errors import ImageDBError, StorageError

# Verb -> one line of help. The verb's module is imported only when it runs, so that `--help` and
# light verbs start at once.
VERBS = {
    "build": "Build or update the site of a picture collection.",
    "add": "Add pictures from a bundle that was exported in the browser.",
    "serve": "Serve a built site on this machine.",
    "deploy": "Publish a built site to a folder, a bucket or GitHub Pages.",
    "search": "Search a collection from the command line, exactly.",
    "data": "Read a collection as a data set: counts, tags, samples, pages, batches.",
    "export": "Write metadata and embeddings for other tools: Parquet, CSV, LanceDB, Faiss.",
    "check": "Check every file of a built or published site, and which hosts take it.",
    "bench": "Measure the search of a built or published site: recall, bytes, requests, time.",
    "info": "Show what is in a site, library or model pack.",
    "model": "List, inspect, evaluate and export model packs.",
}

RESUME = "Run the same command again to resume."
RESUMED = ("build", "add")
"""The commands that resume where an interrupt stopped them."""


class LazyGroup(click.Group):
    """A group whose commands are modules of this package, imported when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f".{cmd_name}", __package__)
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="imagedb-site")
def cli() -> None:
    """Turn a picture collection into a static site that searches itself.

    \b
    Examples:
      imagedb-site build ~/Pictures            # writes dist/
      imagedb-site serve                       # open it
      imagedb-site search "a red car at night"
    """


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    handled = [number for number in _SIGNALS if not _is_ignored(number)]
    for number in handled:
        signal.signal(number, _interrupt)
    code = run(argv)
    # The work is done and said: an interrupt of Python's own tidying up would only change the code.
    for number in handled:
        signal.signal(number, signal.SIG_IGN)
    sys.exit(code)


# What ends a program that can still tidy up: Ctrl-C, a shutdown or a container's stop, a closed terminal.
_SIGNALS: list[signal.Signals] = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
_interrupted: int | None = None


def _is_ignored(number: signal.Signals) -> bool:
    """Whether the program was started so that it outlives its terminal (`nohup`)."""
    return number.name == "SIGHUP" and signal.getsignal(number) == signal.SIG_IGN


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt and remember it: extension modules may make another error of it."""
    global _interrupted
    _interrupted = number
    raise KeyboardInterrupt


def run(argv: Sequence[str] | None = None) -> int:
    """Run the command line; give the exit code. Never lets a user's mistake become a traceback."""
    try:
        result = cli.main(args=argv, prog_name="imagedb-site", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except ImageDBError as error:
        return _fail(str(error), error.hint, error.exit_code)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _stopped(argv)
    except Exception as error:
        if _interrupted:
            return _stopped(argv)
        return _failure(error)


def _stopped(argv: Sequence[str] | None) -> int:
    """The exit code that shells give to a program that a signal ended: 130 for Ctrl-C."""
    return _fail("Interrupted.", _how_to_resume(argv), 128 + (_interrupted or signal.SIGINT))


def _how_to_resume(argv: Sequence[str] | None) -> str | None:
    words = sys.argv[1:] if argv is None else argv
    verb = next((word for word in words if not word.startswith("-")), None)
    return RESUME if verb in RESUMED else None


def _failure(error: Exception) -> int:
    """Give the exit code of an error of the system's, or raise it again."""
    if isinstance(error, BrokenPipeError):
        # The reader of our output went away (`| head`): not an error. Python would complain again
        # when it flushes at exit, unless standard output points somewhere that still takes bytes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if isinstance(error, OSError):
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            message = "The disk is full; the previous site is untouched."
            return _fail(message, "Free some space and run again.", StorageError.exit_code)
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return _fail(f"No permission: {error.filename}.", None, StorageError.exit_code)
    raise error


def _fail(message: str, hint: str | None, code: int) -> int:
    click.echo(shown(f"Error: {message}"), err=True)
    if hint:
        click.echo(shown(hint), err=True)
    return code


if __name__ == "__main__":
    main()
