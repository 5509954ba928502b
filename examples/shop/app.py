"""A small shop on Flask: products, a cart, a check-out. The last lines make it report to the platform."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from flask import Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

import aiops_sdk
from mending import mending
from stock import Stock
from trouble import trouble


def create_app() -> Flask:
    """The shop, with its database where `SHOP_DATABASE` says."""
    app = Flask(__name__)
    app.config.from_mapping(DATABASE=Path(app.instance_path) / "stock.db", PLATFORM="")
    app.config.from_prefixed_env("SHOP")
    stock = Stock(Path(app.config["DATABASE"]))
    app.register_blueprint(trouble(stock))
    app.register_blueprint(mending(stock, Path(app.config["DATABASE"]).parent))
    app.add_template_filter(money)

    @app.get("/")
    def front_page() -> ResponseReturnValue:
        cart = stock.cart(request.cookies.get("cart", ""))
        return render_template(
            "shop.html",
            products=stock.products(),
            cart=cart,
            total=sum(line.cents for line in cart),
            platform=app.config["PLATFORM"],
        )

    @app.post("/cart")
    def put_into_cart() -> ResponseReturnValue:
        cart = request.cookies.get("cart") or str(uuid4())
        stock.put_into_cart(cart, int(request.form["product"]))
        answer = redirect(url_for("front_page"), 303)
        answer.set_cookie("cart", cart, httponly=True, samesite="Lax")
        return answer

    @app.post("/checkout")
    def check_out() -> ResponseReturnValue:
        stock.check_out(request.cookies.get("cart", ""))
        return redirect(url_for("front_page"), 303)

    return app


def money(cents: int) -> str:
    """An amount as people write it."""
    return f"€ {cents / 100:.2f}"


app = create_app()
aiops_sdk.init(service_name="shop")
aiops_sdk.init_flask(app)
