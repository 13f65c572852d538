"""A whole file that leaves a cycle of its own making, besides what running it again makes."""


class Knot:
    def __init__(self):
        self.me = self


def main():
    Knot()


main()
