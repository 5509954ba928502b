"""What breaks in the shop and can be mended: buttons that break it, and the fixers that the platform may ask for."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Literal

from flask import Blueprint, jsonify, redirect, url_for
from flask.typing import ResponseReturnValue

import aiops_sdk
from cache import Cache
from pool import Pool
from stock import Stock

log = logging.getLogger("shop.mending")
# What fixers log goes back with their results.
log.setLevel(logging.INFO)

BESTSELLERS = "bestsellers"
GIFT_WRAP = "gift-wrap"


def mending(stock: Stock, folder: Path) -> Blueprint:
    """The pages, with a pool and a cache in that folder; the fixers are registered, too."""
    pages = Blueprint("mending", __name__)
    pool, cache = Pool(folder / "visits.db"), Cache(folder / "cache")
    offer_fixers(stock, pool, cache)
    add_buttons(pages, stock, pool, cache)

    @pages.get("/visits")
    def count_visit() -> ResponseReturnValue:
        # With a pool whose connections lead nowhere: attempt to write a readonly database.
        with pool.lend() as connection:
            visit = connection.execute("INSERT INTO visits DEFAULT VALUES").lastrowid
        return jsonify(message=f"You are visitor number {visit}.")

    @pages.get("/bestsellers")
    def show_bestsellers() -> ResponseReturnValue:
        # The platform hands this tag to the fixer: which entry is damaged, only the event knows.
        aiops_sdk.set_tag("cache_entry", BESTSELLERS)
        names = cache.get(BESTSELLERS, lambda: [product.name for product in stock.products()[:3]])
        return jsonify(message=f"Most people buy: {', '.join(names)}.")

    @pages.get("/gift-wrap")
    def wrap() -> ResponseReturnValue:
        if stock.has_feature(GIFT_WRAP):
            return jsonify(message=f"Wrapped in {paper_for(stock.products()[0].cents)}.")
        return jsonify(message="Wrapped in plain paper.")

    return pages


def add_buttons(pages: Blueprint, stock: Stock, pool: Pool, cache: Cache) -> None:
    """Each breaks something and then leads to the page that needs it."""

    @pages.post("/break/pool")
    def break_pool() -> ResponseReturnValue:
        pool.poison()
        return redirect(url_for("mending.count_visit"), 303)

    @pages.post("/break/cache")
    def break_cache() -> ResponseReturnValue:
        cache.damage(BESTSELLERS)
        return redirect(url_for("mending.show_bestsellers"), 303)

    @pages.post("/break/feature")
    def break_feature() -> ResponseReturnValue:
        stock.switch_feature(GIFT_WRAP, on=True)
        return redirect(url_for("mending.wrap"), 303)


def offer_fixers(stock: Stock, pool: Pool, cache: Cache) -> None:
    """Let the platform ask for what mends them."""
    # A pool lives in the memory of its process, and under gunicorn there are several: each has to recycle its own.
    # `flask run` is one process, which may be asked directly.
    is_one_of_many = os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn")

    @aiops_sdk.fixer(
        "recycle-connection-pool",
        description="Open all connections to the database anew, and close the old ones.",
        each_instance=is_one_of_many,
        timeout=30,
    )
    def recycle_connection_pool() -> int:
        recycled = pool.recycle()
        log.info("%s connections were opened anew", recycled)
        return recycled

    @aiops_sdk.fixer(
        "drop-cache-entry",
        description="Forget one entry of the cache; the next one who needs it finds it anew.",
        params={"entry": {"type": str, "description": "Its name.", "choices": [BESTSELLERS]}},
        timeout=30,
    )
    def drop_cache_entry(entry: str) -> bool:
        was_there = cache.drop(entry)
        log.info("The entry %s was %s", entry, "dropped" if was_there else "not there")
        return was_there

    @aiops_sdk.fixer(
        "switch-feature-off", description="Go on without a feature whose code fails, until it is mended.", timeout=30
    )
    def switch_feature_off(feature: Literal["gift-wrap"]) -> None:
        stock.switch_feature(feature, on=False)
        log.info("The feature %s is off", feature)


def paper_for(cents: int) -> str:
    """The paper that suits the price; nobody tried the new feature with what costs little."""
    papers = {2_000: "silver", 5_000: "gold"}
    return papers[max(least for least in papers if cents >= least)]
