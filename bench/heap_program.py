"""A program with a heap of a given number of objects, as a web shop's back end might have it.

    python heap_program.py OBJECTS SNAPSHOT

Customers, each with addresses and orders of lines, a catalogue that lines share, an index over all
of it, sessions that refer back: instances with and without slots, dicts, lists, tuples, sets,
strings, numbers, dates. About 2.3 references per object, as in heaps of real programs.
"""

from __future__ import annotations

import datetime
import gc
import random
import sys
from dataclasses import dataclass, field
from typing import Any

OBJECTS_PER_CUSTOMER = 58  # measured: objects in the snapshot by customers made


@dataclass(slots=True)
class Product:
    number: int
    name: str
    price: float
    words: tuple[str, ...]


@dataclass(slots=True)
class Line:
    product: Product
    pieces: int
    note: str
    order: Order


class Address:
    def __init__(self, customer: Customer, street: str, town: str) -> None:
        self.customer = customer
        self.street = street
        self.town = town


class Order:
    def __init__(self, customer: Customer, number: int, address: Address) -> None:
        self.customer = customer
        self.number = number
        self.address = address
        self.lines: list[Line] = []
        self.placed = datetime.datetime(2024, 1, 1) + datetime.timedelta(seconds=number)
        self.state = {"paid": number % 3 > 0, "total": number * 1.19, "remarks": [f"by {number}"]}


@dataclass
class Customer:
    name: str
    mail: str
    addresses: list[Address] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)


class Shop:
    def __init__(self) -> None:
        self.catalogue: dict[int, Product] = {}
        self.customers: dict[str, Customer] = {}
        self.by_order: dict[int, Order] = {}
        self.by_town: dict[str, list[Order]] = {}
        self.sold: dict[int, list[Order]] = {}
        self.log: list[Order | Line] = []
        self.sessions: dict[str, dict[str, Any]] = {}
        self.recent: set[tuple[str, int]] = set()


SHOP = Shop()


def make_products(count: int) -> list[Product]:
    products = [
        Product(100000 + i, f"product {i}", i * 1.01, (f"word {i}", f"word {i % 50}"))
        for i in range(count)
    ]
    SHOP.catalogue.update((product.number, product) for product in products)
    return products


def make_customer(number: int, towns: list[str], choice: random.Random) -> Customer:
    customer = Customer(f"customer {number}", f"mail{number}@example.org")
    customer.settings = {"language": "en", "seen": {number, number + 1}, "limit": number * 0.5}
    for i in range(1 + number % 2):
        town = towns[choice.randrange(len(towns))]
        customer.addresses.append(Address(customer, f"{number} street {i}", town))
    SHOP.customers[customer.mail] = customer
    if number % 5 == 0:
        SHOP.sessions[f"{choice.getrandbits(64):x}"] = {
            "customer": customer,
            "cart": [choice.randrange(10**9) for _ in range(4)],
        }
        SHOP.recent.add((customer.mail, number))
    return customer


def make_order(
    number: int, customer: Customer, products: list[Product], choice: random.Random
) -> None:
    order = Order(customer, number, customer.addresses[0])
    for n in range(1 + number % 5):
        product = products[choice.randrange(len(products))]
        order.lines.append(Line(product, 300 + number % 7, f"note {number} {n}", order))
        SHOP.sold.setdefault(product.number, []).append(order)
        SHOP.log.append(order.lines[-1])
    customer.orders.append(order)
    SHOP.by_order[number] = order
    SHOP.log.append(order)
    SHOP.by_town.setdefault(customer.addresses[0].town, []).append(order)


def fill(customers: int, choice: random.Random) -> None:
    """Orders come in from whoever it is: what belongs together lies far apart."""
    towns = [f"town {i}" for i in range(500)]
    products = make_products(max(10, customers // 10))
    everybody = [make_customer(number, towns, choice) for number in range(customers)]
    for number in range(customers * 5 // 2):
        make_order(number, everybody[choice.randrange(customers)], products, choice)


def build(objects: int) -> None:
    gc.disable()  # making millions of objects is not what is measured
    fill(max(1, objects // OBJECTS_PER_CUSTOMER), random.Random(4))


def main() -> None:
    build(int(sys.argv[1]))
    import unfreed

    unfreed.snapshot(sys.argv[2])


if __name__ == "__main__":
    main()
