"""A whole file that leaves something in a module that stays."""

import sys


def main():
    kept = sys.__dict__.setdefault("_kept_by_script", [])
    kept.append({"n": len(kept)})


main()
