"""A whole file as the target: one function, one class, run alone."""


class Greeter:
    def __init__(self, name):
        self.name = name

    def greet(self):
        return f"hello {self.name}"


def main():
    return Greeter("world").greet()


if __name__ == "__main__":
    main()
