"""What an extension in C leaks (tests/extension/faulty.c): each function beside its twin `_right`."""

import types

import unfreed_faulty as faulty


def lost_list():
    faulty.lost_list()


def lost_list_right():
    faulty.lost_list_right()


def lost_bytes():
    faulty.lost_bytes()


def lost_bytes_right():
    faulty.lost_bytes_right()


def lost_large_bytes():
    faulty.lost_large_bytes()


def lost_large_bytes_right():
    faulty.lost_large_bytes_right()


def lost_str():
    faulty.lost_str()


def lost_str_right():
    faulty.lost_str_right()


def lost_int():
    faulty.lost_int()


def lost_int_right():
    faulty.lost_int_right()


def lost_float():
    faulty.lost_float()


def lost_float_right():
    faulty.lost_float_right()


def lost_tuple():
    faulty.lost_tuple()


def lost_tuple_right():
    faulty.lost_tuple_right()


def lost_malloc():
    faulty.lost_malloc()


def lost_malloc_right():
    faulty.lost_malloc_right()


def lost_raw_block():
    faulty.lost_raw_block()


def lost_raw_block_right():
    faulty.lost_raw_block_right()


def lost_mem_block():
    faulty.lost_mem_block()


def lost_mem_block_right():
    faulty.lost_mem_block_right()


def lost_object_block():
    faulty.lost_object_block()


def lost_object_block_right():
    faulty.lost_object_block_right()


def lost_pages():
    faulty.lost_pages()


def lost_pages_right():
    faulty.lost_pages_right()


class Ticket:
    def __init__(self):
        self.seats = ["A1", "A2"]
        self.paid = False


def lost_instance():
    faulty.lost_instance(Ticket)


def lost_instance_right():
    faulty.lost_instance_right(Ticket)


REGISTRY = ["one", "two"]


def extra_reference_to_list():
    faulty.extra_reference(REGISTRY)


def extra_reference_to_list_right():
    faulty.extra_reference_right(REGISTRY)


def extra_reference_to_type():
    faulty.extra_reference(Ticket)


def extra_reference_to_type_right():
    faulty.extra_reference_right(Ticket)


def extra_reference_to_none():
    faulty.extra_reference(None)


def extra_reference_to_none_right():
    faulty.extra_reference_right(None)


def extra_reference_to_static_type():
    faulty.extra_reference(types.SimpleNamespace)


def kept_in_table():
    faulty.kept_in_table(Ticket())


def kept_in_table_right():
    faulty.kept_in_table_right(Ticket())


def kept_in_block():
    faulty.kept_in_block(Ticket())


def kept_in_block_right():
    faulty.kept_in_block_right(Ticket())


def kept_text_in_block():
    faulty.kept_in_block(str(len(REGISTRY)) * 60)


class Parser:
    """Closes a cycle through a C type: as redis-py's parser and hiredis.Reader did."""

    def __init__(self, kind):
        self.reader = kind(self.failed)

    def failed(self):
        pass


def cycle_through_uncollected():
    Parser(faulty.Uncollected)


def cycle_through_uncollected_right():
    Parser(faulty.Uncollected).reader.close()


def cycle_through_collected():
    Parser(faulty.Collected)


class Page:
    def __init__(self, kind):
        self.view = kind("a page")
        self.view.forget(self)


def cycle_through_forgetful():
    Page(faulty.Forgetful)


def cycle_through_forgetful_right():
    Page(faulty.Forgetful).view.close()


HELD = []


def kept_by_uncollected():
    """Retained by a list, through objects whose references no tp_traverse tells."""
    HELD.append(faulty.Uncollected(Ticket()))
