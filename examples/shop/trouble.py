"""Every way in which a web service fails, as an honest mistake each, and the ones that only look like failing."""

from __future__ import annotations

import logging
import threading
from typing import NoReturn

from flask import Blueprint, Response, abort, jsonify
from flask.typing import ResponseReturnValue

from stock import Stock

payments = logging.getLogger("shop.payments")
labels = logging.getLogger("shop.labels")


def trouble(stock: Stock) -> Blueprint:
    """The pages behind the front page's buttons."""
    pages = Blueprint("trouble", __name__)

    @pages.get("/orders/<int:order>")
    def show_order(order: int) -> ResponseReturnValue:
        # For order 1007 there is no such customer: the exception that nobody expected.
        return jsonify(order=order, customer=stock.customers()[stock.customer_of(order)])

    @pages.get("/quote/<int:pieces>")
    def quote(pieces: int) -> ResponseReturnValue:
        try:
            return jsonify(cents_each=round(10_000 / pieces))
        except ArithmeticError as error:
            # The exception ends here; all that is left of it is this answer.
            return jsonify({"message": str(error)}), 500

    @pages.get("/admin/prices")
    def change_prices() -> NoReturn:
        abort(403)

    @pages.post("/payments/<int:order>")
    def pay(order: int) -> ResponseReturnValue:
        payments.error("The payment provider declined order %s", order)
        return jsonify(message="We will ask the provider again later.")

    @pages.post("/labels/<int:order>")
    def print_label(order: int) -> ResponseReturnValue:
        try:
            weigh(order)
        except ValueError:
            labels.exception("No label could be printed for order %s", order)
        return jsonify(message="Your label will be printed by hand.")

    @pages.post("/newsletter")
    def send_newsletter() -> ResponseReturnValue:
        threading.Thread(target=write_newsletter, name="newsletter").start()
        return jsonify(message="The newsletter is being written."), 202

    @pages.post("/wholesale/<int:pieces>")
    def sell_wholesale(pieces: int) -> ResponseReturnValue:
        # The database knows that there are not so many.
        stock.sell(1, pieces)
        return jsonify(sold=pieces)

    add_silent_pages(pages)
    return pages


def add_silent_pages(pages: Blueprint) -> None:
    """What fails, or seems to, and is no incident all the same; a page that is not there at all needs no code."""

    @pages.post("/coupons")
    def try_coupon() -> NoReturn:
        abort(429)

    @pages.get("/health")
    def health() -> ResponseReturnValue:
        return jsonify(message="The shop is taking stock; ask again in a minute."), 503

    @pages.get("/pictures/<name>.png")
    def draw(name: str) -> Response:
        raise FileNotFoundError(f"There is no drawing of {name}")


def weigh(order: int) -> float:
    """The parcel's weight as the scales say it."""
    scales = {1001: "0.75 ", 1002: "overload"}
    return float(scales[order])


def write_newsletter() -> None:
    """Write to everyone who asked for it; fails in a thread, where no request is there to notice."""
    subscribers: list[str] = []
    latest = subscribers[-1]
    payments.info("The newsletter goes to %s last", latest)
