"""The words ./dev understands."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from config.devtools import place
from config.devtools.bench import bench
from config.devtools.checkout import Checkout, this_checkout
from config.devtools.checks import check
from config.devtools.demo import demo
from config.devtools.formatting import fmt
from config.devtools.locks import lock
from config.devtools.manage import manage
from config.devtools.pictures import pictures
from config.devtools.protocol import protocol
from config.devtools.say import Stopped, Trouble, note, result
from config.devtools.serve import run
from config.devtools.testing import test

USAGE = 2


@dataclass(frozen=True)
class Command:
    usage: str
    what: str
    do: Callable[[Checkout, Sequence[str]], int]


def main(words: Sequence[str]) -> int:
    """Do what the words say; the exit status."""
    _end_on_signals()
    checkout = this_checkout()
    name, arguments = (words[0], words[1:]) if words else ("help", [])
    try:
        return _find(name).do(checkout, arguments)
    except Trouble as trouble:
        note(f"dev: {trouble}")
        return trouble.code
    except KeyboardInterrupt:
        note("dev: stopped")
        return 0 if name == "run" else 130
    except Stopped:
        return 0 if name == "run" else 143
    except OSError as error:
        note(f"dev: {place.explained(error)}")
    except Exception as error:
        note(f"dev: unexpected {type(error).__name__}: {error}: {_keep_trace(checkout)}")
    return 1


def _keep_trace(checkout: Checkout) -> str:
    log = checkout.logs / "dev.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(traceback.format_exc(), "utf-8")
    except OSError as error:
        return f"no more can be told, {place.explained(error)}"
    return f"please report it with {log}"


def _find(name: str) -> Command:
    spelled = {"-h": "help", "--help": "help"}.get(name, name)
    if spelled not in COMMANDS:
        raise Trouble(f"unknown word {name!r}: say one of {', '.join(COMMANDS)}", code=USAGE)
    return COMMANDS[spelled]


def _end_on_signals() -> None:
    """Turn signals into exceptions, so that everything started is ended in order."""

    def stop(*_: object) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # once is enough: we are ending
        raise Stopped

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    # A shell's background job ignores Ctrl-C, and so would all its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _help(_: Checkout, arguments: Sequence[str]) -> int:
    _refuse(arguments)
    width = max(len(command.usage) for command in COMMANDS.values())
    for command in COMMANDS.values():
        result(f"./dev {command.usage:<{width}}  {command.what}")
    return 0


def _run(checkout: Checkout, arguments: Sequence[str]) -> int:
    run(checkout, port=_port(arguments))


def _port(arguments: Sequence[str]) -> int:
    match [part for word in arguments for part in word.split("=", 1)]:
        case []:
            return 8000
        case ["--port", number] if number.isdecimal() and 0 < int(number) < 65536:
            return int(number)
    raise Trouble(f"run takes --port 1...65535, not: {' '.join(arguments)}", code=USAGE)


def _alone(do: Callable[[Checkout], int]) -> Callable[[Checkout, Sequence[str]], int]:
    """A command without arguments."""

    def checked(checkout: Checkout, arguments: Sequence[str]) -> int:
        _refuse(arguments)
        return do(checkout)

    return checked


def _refuse(arguments: Sequence[str]) -> None:
    if arguments:
        raise Trouble(f"this takes no arguments: {' '.join(arguments)}", code=USAGE)


def _nothing_yet(_: Checkout) -> int:
    result("nothing yet")
    return 0


def _probe_model(checkout: Checkout, arguments: Sequence[str]) -> int:
    return manage(checkout, ["probe_model", *arguments])


def _demo(checkout: Checkout, arguments: Sequence[str]) -> int:
    if list(arguments) not in ([], ["--remove"]):
        raise Trouble(f"demo takes --remove or nothing, not: {' '.join(arguments)}", code=USAGE)
    return demo(checkout, arguments)


COMMANDS = {
    "run": Command("run [--port N]", "serve Kindline on this machine until Ctrl-C", _run),
    "test": Command(
        "test [--faults] [PYTEST ARGS...]", "run all tests, or all faults, or some", test
    ),
    "check": Command("check", "say whether everything is clean", _alone(check)),
    "fmt": Command("fmt", "format, and fix what can be fixed", _alone(fmt)),
    "manage": Command("manage ARGS...", "manage.py on the running stack, or its own", manage),
    "demo": Command("demo [--remove]", "make synthetic threads for the admin", _demo),
    "probe-model": Command("probe-model", "try the configured model for real", _probe_model),
    "pictures": Command("pictures", "make the documents' pictures again", _alone(pictures)),
    "protocol": Command("protocol", "make docs/asyncapi.yaml again", _alone(protocol)),
    "lock": Command("lock", "make the hashed locks again", _alone(lock)),
    "bench": Command("bench [NAMES...]", "measure what people see and what it costs", bench),
    "audit": Command("audit", "audit the dependencies (nothing yet)", _alone(_nothing_yet)),
    "help": Command("help", "this list", _help),
}
