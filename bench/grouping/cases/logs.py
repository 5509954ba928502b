"""Log lines: with and without templates and exceptions, and those of libraries."""

from case import case

LOGGING = """
import logging

log = logging.getLogger("shop.orders")
other = logging.getLogger("shop.bank")

def low(name, count):
    log.error("stock of %s is below %d", name, count)

def lost(name):
    log.error("customer %s was lost", name)

def filled(name, count):
    log.error(f"order {count} of {name!r} failed")

def fail(value):
    try:
        return value["price"]
    except Exception:
        log.exception("order %s failed", value)

def fail_there(value):
    try:
        return value["price"]
    except Exception:
        other.exception("order %s failed", value)

def generic(work):
    try:
        work()
    except Exception as error:
        log.error("something failed: %s", error, exc_info=True)

def parse():
    return int("x")

def read():
    return open("/nowhere/x")

def critical(host):
    log.critical("cannot reach %s, giving up", host)

def paths(path):
    log.error("cannot write " + path)

def several(count):
    log.error("%d orders failed:\\n" + "order {}\\n" * count, count)

def amounts(amount):
    log.error("charged %.2f EUR twice", amount)

def data(body):
    log.error("unexpected answer", extra={"body": body})

def listed(*numbers):
    log.error("unknown orders: %s" % list(numbers))
"""

CASES = [
    case(
        "logging: a template and its values",
        LOGGING,
        own=True,
        old=False,
        one=["low('apple', 3)", "low('pear', 17)"],
        two=["lost('ada')", "lost('grace')"],
    ),
    case(
        "logging: a template filled with numbers, as both clients see it",
        LOGGING,
        own=True,
        one=["amounts(7.5)", "amounts(12)"],
        two=["paths('/var/7.csv')", "paths('/var/8.csv')"],
    ),
    case(
        "logging: messages put together before",
        LOGGING,
        own=True,
        one=["filled('apple', 3)", "filled('green pear', 17)"],
    ),
    case(
        "logging: an exception behind the line",
        LOGGING,
        own=True,
        one=["fail({'a': 1})", "fail({'number': 7})"],
        two=["fail_there({'a': 1})", "fail_there({'number': 7})"],
    ),
    case(
        "logging: one catch-all for different failures",
        LOGGING,
        own=True,
        old=False,
        one=["generic(parse)", "generic(parse)"],
        two=["generic(read)", "generic(read)"],
    ),
    case(
        "logging: critical lines by host",
        LOGGING,
        own=True,
        old=False,
        one=["critical('db-7.shop.example')", "critical('10.0.0.7')"],
    ),
    case(
        "logging: paths in a message put together before",
        LOGGING,
        own=True,
        one=["paths('/var/spool/7/a.csv')", "paths('/var/spool/812/a.csv')"],
    ),
    case(
        "logging: lists in a message put together before",
        LOGGING,
        own=True,
        one=["listed(7)", "listed(7, 8)", "listed(1, 2, 3, 4)"],
    ),
    case("logging: what stands in extra does not matter", LOGGING, own=True, one=["data('a')", "data('b' * 30)"]),
    case(
        "asyncio: a task that nobody awaits",
        """
        import asyncio, gc

        async def refill(name):
            return name.upper()

        async def price(name):
            return name.lower()

        async def forgotten(work):
            task = asyncio.ensure_future(work)
            await asyncio.sleep(0.01)
            del task
            gc.collect()

        def run(work):
            asyncio.run(forgotten(work))
        """,
        own=True,
        old=False,
        one=["run(refill(7))", "run(refill(8))"],
        two=["run(price(7))", "run(price(8))"],
    ),
    case(
        "threads that die",
        """
        import threading

        def refill(name):
            return name.upper()

        def price(name):
            return name.lower()

        def run(work, *values, name=None):
            thread = threading.Thread(target=work, args=values, name=name)
            thread.start()
            thread.join()
        """,
        own=True,
        old=False,
        one=["run(refill, 7)", "run(refill, 8, name='refill-12')"],
        two=["run(price, 7)", "run(price, 8)"],
    ),
    case(
        "Celery: tasks that fail, and are tried again",
        """
        import celery

        app = celery.Celery("shop", broker="memory://", backend="cache+memory://")
        app.conf.task_always_eager = True

        @app.task
        def bill(order):
            return order["price"]

        @app.task
        def ship(order):
            return order["address"]

        @app.task(bind=True, max_retries=2)
        def charge(self, order):
            try:
                raise ConnectionError(f"the bank does not answer for {order}")
            except ConnectionError as error:
                raise self.retry(exc=error, countdown=0)

        def run(task, order):
            return task.delay(order).get()
        """,
        file="shop/tasks.py",
        old=False,
        one=["run(bill, {})", "run(bill, {'a': 1})"],
        two=["run(ship, {})", "run(ship, {'b': 2})"],
        three=["run(charge, 7)", "run(charge, 812)"],
    ),
    case(
        "Celery: a task that is not known, and no broker",
        """
        import celery

        def send(name, port):
            app = celery.Celery("shop", broker=f"redis://127.0.0.1:{port}/0")
            app.conf.broker_connection_retry = False
            app.conf.broker_transport_options = {"socket_connect_timeout": 0.2, "max_retries": 0}
            return app.send_task(name, retry=False)

        def named(name):
            return celery.Celery("shop").tasks[name]
        """,
        file="shop/tasks.py",
        old=False,
        one=["send('shop.bill', 1)", "send('shop.ship', 2)"],
        two=["named('shop.none')", "named('shop.nothing')"],
    ),
]
