"""A thread touches a Local of the module and ends; the list of weak references keeps a dead one."""

import threading

from asgiref.local import Local

state = Local()


def touch():
    state.user = "somebody"


def call():
    thread = threading.Thread(target=touch)
    thread.start()
    thread.join()
