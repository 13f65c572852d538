"""Functions that leave nothing for good, but garbage that only the cyclic collector frees."""

import weakref


class Parent:
    def __init__(self):
        self.children = []


class Child:
    def __init__(self, parent):
        self.parent = parent


def parent_child_tree():
    parent = Parent()
    for _ in range(3):
        parent.children.append(Child(parent))


cycles_to_come = iter([1, 1, 1, 1])


def little_garbage_at_first():
    for _ in range(next(cycles_to_come, 20)):
        cycle = {}
        cycle["self"] = cycle


def closure_over_itself():
    def fact(n):
        return 1 if n < 2 else n * fact(n - 1)

    fact(5)


def class_made_per_call():
    type("Made", (), {"value": 1})


def exception_kept_in_local():
    try:
        raise ValueError("kept")
    except ValueError as error:
        kept = error  # noqa: F841 - the fault that is shown


def list_holding_itself():
    items = [1, 2, 3]
    items.append(items)


class Handler:
    def __init__(self):
        self.callback = self.handle

    def handle(self):
        pass


def bound_method_kept_by_its_object():
    Handler()


def two_dicts():
    a, b = {}, {}
    a["b"], b["a"] = b, a


def mutually_recursive_functions():
    def even(n):
        return n == 0 or odd(n - 1)

    def odd(n):
        return n != 0 and even(n - 1)

    even(4)


def generator_holding_itself():
    def produce():
        yield me

    me = produce()
    next(me)


class WithDel:
    def __init__(self):
        self.me = self

    def __del__(self):
        self.me = None


def cycle_with_finalizer():
    WithDel()


class MakesMore:
    """Its finalizer builds another cycle, once: garbage that takes two rounds."""

    def __init__(self, depth):
        self.me = self
        self.depth = depth

    def __del__(self):
        if self.depth:
            MakesMore(self.depth - 1)


def garbage_in_two_rounds():
    MakesMore(1)


def weak_callback_in_cycle():
    parent = Parent()
    parent.children.append(parent)
    weakref.ref(parent, lambda _: None)
