"""What the shop has and has sold, in SQLite; the database itself refuses to sell what is not there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS products (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, picture TEXT NOT NULL, cents INTEGER NOT NULL,
    quantity INTEGER NOT NULL CONSTRAINT "enough in stock" CHECK (quantity >= 0)
);
CREATE TABLE IF NOT EXISTS customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS features (name TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS cart (
    cart TEXT NOT NULL, product INTEGER NOT NULL REFERENCES products, quantity INTEGER NOT NULL, PRIMARY KEY (cart, product)
);
"""
PRODUCTS = (
    (1, "Coffee mug", "mug", 1250, 40),
    (2, "Teapot", "teapot", 3400, 12),
    (3, "Cactus", "cactus", 900, 25),
    (4, "Candle", "candle", 650, 60),
    (5, "Notebook", "notebook", 780, 80),
    (6, "Umbrella", "umbrella", 1990, 18),
)
# Order 1007 came over from the old shop; its customer did not.
CUSTOMERS = ((1, "Ada"), (2, "Grace"))
ORDERS = ((1001, 1), (1002, 2), (1007, 42))


@dataclass(frozen=True, kw_only=True)
class Product:
    """Something to buy, and how many there are."""

    id: int
    name: str
    picture: str
    cents: int
    quantity: int


@dataclass(frozen=True, kw_only=True)
class Line:
    """One product in a cart."""

    name: str
    quantity: int
    cents: int


class Stock:
    """The shop's database; each call is one transaction on a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as database:
            database.executescript(SCHEMA)
            # Several worker processes start at once; the first one fills it.
            database.executemany("INSERT OR IGNORE INTO products VALUES (?, ?, ?, ?, ?)", PRODUCTS)
            database.executemany("INSERT OR IGNORE INTO customers VALUES (?, ?)", CUSTOMERS)
            database.executemany("INSERT OR IGNORE INTO orders VALUES (?, ?)", ORDERS)

    def products(self) -> list[Product]:
        """Everything the shop sells."""
        with self._open() as database:
            rows = database.execute("SELECT id, name, picture, cents, quantity FROM products ORDER BY id").fetchall()
        return [Product(id=row[0], name=row[1], picture=row[2], cents=row[3], quantity=row[4]) for row in rows]

    def cart(self, cart: str) -> list[Line]:
        """What lies in that cart."""
        with self._open() as database:
            rows = database.execute(
                "SELECT name, cart.quantity, cents * cart.quantity FROM cart JOIN products ON product = products.id"
                " WHERE cart = ? ORDER BY name",
                (cart,),
            ).fetchall()
        return [Line(name=row[0], quantity=row[1], cents=row[2]) for row in rows]

    def put_into_cart(self, cart: str, product: int) -> None:
        """Put one more of that product into that cart."""
        with self._open() as database:
            database.execute(
                "INSERT INTO cart VALUES (?, ?, 1) ON CONFLICT (cart, product) DO UPDATE SET quantity = quantity + 1",
                (cart, product),
            )

    def check_out(self, cart: str) -> None:
        """Sell what lies in that cart, all of it or nothing; `sqlite3.IntegrityError` when there is not enough."""
        with self._open() as database:
            rows = database.execute("SELECT product, quantity FROM cart WHERE cart = ?", (cart,)).fetchall()
            for product, quantity in rows:
                database.execute("UPDATE products SET quantity = quantity - ? WHERE id = ?", (quantity, product))
            database.execute("DELETE FROM cart WHERE cart = ?", (cart,))

    def sell(self, product: int, quantity: int) -> None:
        """Sell that many at once; `sqlite3.IntegrityError` when there are not enough."""
        with self._open() as database:
            database.execute("UPDATE products SET quantity = quantity - ? WHERE id = ?", (quantity, product))

    def customers(self) -> dict[int, str]:
        """The customers' names by their numbers."""
        with self._open() as database:
            return dict(database.execute("SELECT id, name FROM customers").fetchall())

    def customer_of(self, order: int) -> int:
        """The number of the customer who gave that order."""
        with self._open() as database:
            (customer,) = database.execute("SELECT customer FROM orders WHERE id = ?", (order,)).fetchone()
        return int(customer)

    def has_feature(self, name: str) -> bool:
        """Whether that feature is on, in all processes of the shop."""
        with self._open() as database:
            return database.execute("SELECT 1 FROM features WHERE name = ?", (name,)).fetchone() is not None

    def switch_feature(self, name: str, *, on: bool) -> None:
        """Switch that feature on or off."""
        with self._open() as database:
            if on:
                database.execute("INSERT OR IGNORE INTO features VALUES (?)", (name,))
            else:
                database.execute("DELETE FROM features WHERE name = ?", (name,))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=10)) as database, database:
            yield database
