"""Named steps of a driver's program: each prints `ok NAME` or `failed NAME` with its traceback."""

import asyncio
import inspect
import sys
import traceback

STEPS = []


def step(function):
    STEPS.append(function)
    return function


def run(*arguments):
    failed = 0
    for function in STEPS:
        name = function.__name__.replace("_", " ")
        try:
            if inspect.iscoroutinefunction(function):
                asyncio.run(asyncio.wait_for(function(*arguments), 60))
            else:
                function(*arguments)
            print(f"ok {name}", flush=True)
        except BaseException as error:
            failed += 1
            reason = "".join(traceback.format_exception(error, limit=-3, chain=False))
            print(f"failed {name}\n{reason}", flush=True)
    sys.exit(1 if failed else 0)


def raises(kind, function):
    try:
        function()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")
