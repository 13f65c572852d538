from typing import NoReturn

def main() -> NoReturn:
    """Runs the check that the program `unfreed` asked for, and ends the process."""
