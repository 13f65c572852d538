"""The usual advice, followed to the letter: count the objects before and after one call."""

import gc
import sys

from fetch import fetch

gc.collect()
before = len(gc.get_objects())
fetch(sys.argv[1])
after = len(gc.get_objects())
print(f"objects before {before:,}, after {after:,}: {after - before:+,}")
if after > before:
    print("LEAK?!  So says the usual advice. Then call gc.collect() and look again:")
    gc.collect()
    print(
        f"objects after gc.collect() {len(gc.get_objects()):,}: {len(gc.get_objects()) - before:+,}"
    )
