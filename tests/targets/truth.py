"""A heap of everything, that says what is in it: all references that gc.get_referents knows.

    python truth.py FILE [INSTANCES [PACKAGE...]]

Builds one object of every kind that the standard library has, INSTANCES of a class of its own, and objects of
each PACKAGE; writes into FILE, as words of 8 bytes, for each tracked object: its address, how many references it
has, their addresses. Then prints a line of JSON and waits for the end of its standard input: nothing changes
meanwhile but what "left_out" names.
"""

import array
import gc
import json
import os
import sys
import traceback

import truth_packages

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "oracle"))
import kinds


class Own:
    def __init__(self, number):
        self.number = number
        self.items = [number, str(number)]
        self.pair = (number, self.items)


class Slotted:
    __slots__ = ("left", "right")

    def __init__(self, left):
        self.left = left
        self.right = {left: self}


def build(instances, packages):
    kept = [list(kinds.samples())]
    made = {}
    for name in packages:
        try:
            kept.append(list(getattr(truth_packages, name)()))
            made[name] = truth_packages.version_of(name)
        except ImportError as error:
            made[name] = None
            print(f"{name}: {error}", file=sys.stderr)
        except Exception:
            made[name] = None
            traceback.print_exc()
    kept.append([Own(i) if i % 2 else Slotted(i) for i in range(instances)])
    return kept, made


def write_truth(file):
    """Everything that the loop needs is there before, so that it finds the heap as it will stand."""
    words = array.array("Q")
    objects = gc.get_objects()
    get_referents, address, add = gc.get_referents, id, words.append
    for thing in objects:
        references = get_referents(thing)
        add(address(thing))
        add(len(references))
        for reference in references:
            add(address(reference))
    del thing, references, reference
    words.tofile(file)
    left_out = [id(objects), id(sys._getframe())]
    file.flush()
    return objects, words, left_out


def main():
    path, instances, packages = sys.argv[1], int((sys.argv[2:] or ["1000"])[0]), sys.argv[3:]
    kept, made = build(instances, packages)
    gc.collect()
    gc.collect()
    gc.disable()
    with open(path, "wb") as file:
        objects, words, left_out = write_truth(file)
        # what changes while this is printed: the frames of the writer, and what it still makes
        left_out += [id(sys._getframe()), id(left_out), id(file)]
        print(
            json.dumps(
                {
                    "pid": os.getpid(),
                    "tracked": len(objects),
                    "packages": made,
                    "left_out": left_out,
                }
            ),
            flush=True,
        )
        sys.stdin.read()
    os._exit(0 if kept and words else 1)  # nothing is taken down, nothing complains


if __name__ == "__main__":
    main()
