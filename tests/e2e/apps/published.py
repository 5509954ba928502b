"""A service that uses the last published SDK in each way that its page describes. Runs with that SDK, not with ours."""

import logging
import os

from flask import Flask, abort, jsonify

import aiops_sdk
from aiops_sdk.exceptions import capture_exception
from aiops_sdk.integrations.flask import init_flask

aiops_sdk.init(api_key=os.environ["AIOPS_API_KEY"])
app = Flask(__name__)
init_flask(app)
accounts = logging.getLogger("accounts")


@app.get("/")
def front_page():
    return "It works."


@app.get("/crash/<fruit>")
def crash(fruit):
    raise LookupError(f"There is no price for {fruit}")


@app.get("/swallowed")
def swallowed():
    return jsonify({"message": "'NoneType' object has no attribute 'price'"}), 500


@app.get("/refused/<int:status>")
def refused(status):
    abort(status)


@app.get("/logged")
def logged():
    accounts.error("The bank did not answer for account %s", 17)
    return "Logged."


@app.get("/logged-with-traceback")
def logged_with_traceback():
    try:
        int("seventeen")
    except ValueError:
        accounts.exception("The statement could not be read")
    return "Logged."


@app.get("/handed-over")
def handed_over():
    try:
        {}["balance"]
    except KeyError as error:
        capture_exception(error)
    return "Handed over."
