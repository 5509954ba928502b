"""One file for each SDK: how its documentation says to set it up for errors, and how to hand an exception over and flush.

Each has ``SETUP`` (what is configured, in words), ``start(url)``, ``capture(exc)`` (called while ``exc`` is being handled),
``flush()`` (wait until what was captured has been sent) and ``attach(app)`` (to a Flask app, after ``start``).
"""
