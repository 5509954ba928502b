"""HTTP clients: servers that are not there, do not answer in time, or answer with an error."""

from case import case

SERVER = """
import contextlib
import http.server
import socket
import threading

@contextlib.contextmanager
def shop(status, body=b"", kind="application/json", length=None):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            if status in (301, 302):
                self.send_header("Location", self.path)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *about):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()

@contextlib.contextmanager
def silent():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(8)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
"""

REQUESTS = (
    SERVER
    + """
import requests

def order(url, number):
    return requests.get(f"{url}/orders/{number}", timeout=1).json()

def invoice(url, number):
    answer = requests.get(f"{url}/invoices/{number}", timeout=1)
    answer.raise_for_status()
    return answer

def slow(number, seconds):
    with silent() as url:
        return requests.get(f"{url}/orders/{number}", timeout=seconds)

def invoices(status, number):
    with shop(status) as url:
        return invoice(url, number)

def orders(body, number):
    with shop(200, body) as url:
        return order(url, number)

def loop(number):
    with shop(302) as url:
        return requests.get(f"{url}/loop/{number}", timeout=1)

def retried(url, number):
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(max_retries=2))
    return session.get(f"{url}/orders/{number}", timeout=1)
"""
)

HTTPX = (
    SERVER
    + """
import asyncio
import httpx

def order(url, number):
    return httpx.get(f"{url}/orders/{number}", timeout=1, trust_env=False)

async def later(url, number):
    async with httpx.AsyncClient(timeout=1, trust_env=False) as client:
        return await client.get(f"{url}/orders/{number}")

def slow(number, seconds):
    with silent() as url:
        return httpx.get(f"{url}/orders/{number}", timeout=seconds, trust_env=False)

def invoices(status, number):
    with shop(status) as url:
        return httpx.get(f"{url}/invoices/{number}", trust_env=False).raise_for_status()
"""
)

AIOHTTP = (
    SERVER
    + """
import asyncio
import aiohttp

async def get(url, path, seconds=1):
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(seconds)) as session:
        async with session.get(url + path) as answer:
            answer.raise_for_status()
            return await answer.json()

def order(url, number):
    return asyncio.run(get(url, f"/orders/{number}"))

def slow(number, seconds):
    with silent() as url:
        return asyncio.run(get(url, f"/orders/{number}", seconds))

def invoices(status, number, kind="application/json"):
    with shop(status, b"{}", kind) as url:
        return asyncio.run(get(url, f"/invoices/{number}"))
"""
)

CASES = [
    case(
        "requests: nobody listens",
        REQUESTS,
        file="shop/bank.py",
        one=["order('http://127.0.0.1:1', 7)", "order('http://127.0.0.1:2', 812)"],
        two=["invoice('http://127.0.0.1:1', 7)", "invoice('http://127.0.0.1:2', 9)"],
    ),
    case(
        "requests: nobody listens, tried more than once",
        REQUESTS,
        file="shop/bank.py",
        one=["retried('http://127.0.0.1:1', 7)", "retried('http://127.0.0.1:2', 812)"],
    ),
    case(
        "requests: a host without an address",
        REQUESTS,
        file="shop/bank.py",
        one=["order('http://bank-7.invalid', 7)", "order('http://bank-8.invalid', 9)"],
        two=["order('http://127.0.0.1:1', 7)", "order('http://127.0.0.1:3', 7)"],
    ),
    case("requests: too slow", REQUESTS, file="shop/bank.py", one=["slow(7, 0.02)", "slow(812, 0.03)"]),
    case(
        "requests: answers by status",
        REQUESTS,
        file="shop/bank.py",
        one=["invoices(500, 7)", "invoices(500, 812)"],
        two=["invoices(404, 7)", "invoices(404, 812)"],
    ),
    case(
        "requests: an answer that is no JSON",
        REQUESTS,
        file="shop/bank.py",
        one=["orders(b'<html>', 7)", "orders(b'', 8)", "orders(b'{\"a\": }', 9)"],
    ),
    case("requests: redirected in circles", REQUESTS, file="shop/bank.py", one=["loop(7)", "loop(8)"]),
    case(
        "requests: addresses that are none",
        REQUESTS,
        file="shop/bank.py",
        one=["order('bank', 7)", "order('//shop', 8)"],
        two=["order('ftp://bank', 7)", "order('ftp://shop', 9)"],
    ),
    case(
        "httpx: nobody listens",
        HTTPX,
        file="shop/bank.py",
        one=["order('http://127.0.0.1:1', 7)", "order('http://127.0.0.1:2', 8)"],
        two=["asyncio.run(later('http://127.0.0.1:1', 7))", "asyncio.run(later('http://127.0.0.1:2', 8))"],
    ),
    case("httpx: too slow", HTTPX, file="shop/bank.py", one=["slow(7, 0.02)", "slow(8, 0.03)"]),
    case(
        "httpx: answers by status",
        HTTPX,
        file="shop/bank.py",
        one=["invoices(500, 7)", "invoices(500, 812)"],
        two=["invoices(403, 7)", "invoices(403, 812)"],
    ),
    case(
        "aiohttp: nobody listens",
        AIOHTTP,
        file="shop/bank.py",
        one=["order('http://127.0.0.1:1', 7)", "order('http://127.0.0.1:2', 812)"],
    ),
    case("aiohttp: too slow", AIOHTTP, file="shop/bank.py", one=["slow(7, 0.03)", "slow(8, 0.05)"]),
    case(
        "aiohttp: answers by status",
        AIOHTTP,
        file="shop/bank.py",
        one=["invoices(500, 7)", "invoices(500, 812)"],
        two=["invoices(404, 7)", "invoices(404, 812)"],
        three=["invoices(200, 7, 'text/html')", "invoices(200, 8, 'text/html')"],
    ),
    case(
        "urllib: nobody listens, and answers",
        SERVER
        + """
import urllib.request

def order(url, number):
    return urllib.request.urlopen(f"{url}/orders/{number}", timeout=1).read()

def orders(status, number):
    with shop(status) as url:
        return order(url, number)
""",
        file="shop/bank.py",
        one=["order('http://127.0.0.1:1', 7)", "order('http://127.0.0.1:2', 8)"],
        two=["orders(500, 7)", "orders(500, 8)"],
        three=["orders(404, 7)", "orders(404, 8)"],
    ),
    case(
        "urllib3: a pool of its own",
        """
        import urllib3

        def order(port, number):
            return urllib3.PoolManager(retries=urllib3.Retry(1, backoff_factor=0)).request("GET", f"http://127.0.0.1:{port}/orders/{number}")
        """,
        file="shop/bank.py",
        one=["order(1, 7)", "order(2, 812)"],
    ),
    case(
        "smtplib: no server",
        """
        import smtplib

        def send(port):
            return smtplib.SMTP("127.0.0.1", port, timeout=1)
        """,
        file="shop/mail.py",
        one=["send(1)", "send(2)"],
    ),
    case(
        "ssl: what is no TLS",
        SERVER
        + """
import ssl

def secure(number):
    with shop(200) as url, socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as plain:
        return ssl.create_default_context().wrap_socket(plain, server_hostname="shop.example")
""",
        file="shop/bank.py",
        one=["secure(1)", "secure(2)"],
    ),
    case(
        "tenacity: tried until it gave up",
        """
        import tenacity

        def fetch(kind, text):
            raise kind(text)

        def charge(times, kind, text):
            tried = tenacity.Retrying(stop=tenacity.stop_after_attempt(times))
            return tried(fetch, kind, text)

        def pay(times, kind, text):
            tried = tenacity.Retrying(stop=tenacity.stop_after_attempt(times), reraise=True)
            return tried(fetch, kind, text)
        """,
        file="shop/bank.py",
        one=["charge(2, OSError, 'no answer')", "charge(3, OSError, 'no answer')"],
        two=["pay(2, OSError, 'no answer')", "pay(4, OSError, 'no answer')"],
    ),
]
