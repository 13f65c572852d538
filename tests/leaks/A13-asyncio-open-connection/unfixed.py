"""The same with asyncio as it was before 3.10.9 and 3.11.1: the fix was three statements that clear
a local in a `finally` block, and they are taken out again before the functions are compiled."""

import inspect
import re
import textwrap
from asyncio import base_events, selector_events

from target import call  # noqa: F401 (what is checked)

CLEARS = re.compile(r"^( +)(exceptions = my_exceptions|exceptions|fut) = None$", re.MULTILINE)


def unfix(module, owner, name):
    function = getattr(owner, name)
    source, count = CLEARS.subn(r"\1pass", textwrap.dedent(inspect.getsource(function)))
    if count != 1:
        raise SystemExit(f"{name}: not the code that was fixed in 3.11.1")
    first_line = function.__code__.co_firstlineno
    code = compile("\n" * (first_line - 1) + source, module.__file__, "exec")
    made = {}
    exec(code, vars(module), made)
    setattr(owner, name, made[name])


unfix(base_events, base_events.BaseEventLoop, "_connect_sock")
unfix(base_events, base_events.BaseEventLoop, "create_connection")
unfix(selector_events, selector_events.BaseSelectorEventLoop, "sock_connect")
unfix(selector_events, selector_events.BaseSelectorEventLoop, "_sock_connect")
