"""Databases, queues and other servers that do not answer as they should."""

from case import case

SQLALCHEMY = """
import sqlalchemy as sa
from sqlalchemy import orm

class Base(orm.DeclarativeBase):
    pass

class Order(Base):
    __tablename__ = "orders"
    id = sa.Column(sa.Integer, primary_key=True)
    email = sa.Column(sa.String, unique=True)
    total = sa.Column(sa.Integer, nullable=False)

engine = sa.create_engine("sqlite://")
Base.metadata.create_all(engine)

def save(*orders):
    with orm.Session(engine) as session:
        session.add_all(orders)
        session.commit()

def query(statement, **values):
    with engine.connect() as connection:
        return connection.execute(sa.text(statement), values).all()

def only(number):
    with orm.Session(engine) as session:
        return session.scalars(sa.select(Order).where(Order.id == number)).one()

def lazy(number):
    with orm.Session(engine) as session:
        order = Order(id=number, email=f"{number}@x", total=1)
        session.add(order)
        session.commit()
    return order.email

def pool(size, timeout):
    engine = sa.create_engine("sqlite:///:memory:", poolclass=sa.QueuePool, pool_size=size, max_overflow=0, pool_timeout=timeout)
    kept = [engine.connect() for _ in range(size + 1)]

def connect(url):
    return sa.create_engine(url).connect()
"""

CASES = [
    case(
        "SQLAlchemy: IntegrityError by constraint",
        SQLALCHEMY,
        file="shop/db.py",
        one=[
            "save(Order(email='a@b.de', total=1), Order(email='a@b.de', total=2))",
            "save(Order(email='grace@x.example', total=1), Order(email='grace@x.example', total=712))",
        ],
        two=["save(Order(email='c@d.de'))", "save(Order(id=99, email='e@f.de'))"],
    ),
    case(
        "SQLAlchemy: statements with varying literals",
        SQLALCHEMY,
        file="shop/db.py",
        one=[
            "query('select * from carts where id = 7')",
            "query(\"select a from carts where name = 'ada' and x = 9\")",
            "query('select * from carts where id = :id', id=8)",
        ],
        two=["query('select * from baskets where id = 7')", "query('select * from baskets where id = 8')"],
        three=["query('selec 1')", "query('selec 2')"],
    ),
    case("SQLAlchemy: NoResultFound", SQLALCHEMY, file="shop/db.py", one=["only(7)", "only(812)"]),
    case(
        "SQLAlchemy: an object that has lost its session", SQLALCHEMY, file="shop/db.py", one=["lazy(41)", "lazy(42)"]
    ),
    case(
        "SQLAlchemy: a pool that is exhausted",
        SQLALCHEMY,
        file="shop/db.py",
        one=["pool(1, 0.01)", "pool(2, 0.02)", "pool(3, 0.01)"],
    ),
    case(
        "SQLAlchemy: values that are missing",
        SQLALCHEMY,
        file="shop/db.py",
        one=[
            "query('select * from orders where id = :id')",
            "query('select * from orders where id = :id and total = 7', other=3)",
        ],
    ),
    case(
        "SQLAlchemy over psycopg: no server",
        SQLALCHEMY,
        file="shop/db.py",
        one=["connect('postgresql+psycopg://u@127.0.0.1:1/x')", "connect('postgresql+psycopg://u@127.0.0.1:2/x')"],
        two=["connect('mysql+pymysql://u@127.0.0.1:1/x')", "connect('mysql+pymysql://u@127.0.0.1:2/x')"],
    ),
    case(
        "psycopg: no server",
        """
        import psycopg

        def connect(host, port):
            return psycopg.connect(host=host, port=port, dbname="shop", connect_timeout=2)
        """,
        file="shop/db.py",
        one=["connect('127.0.0.1', 1)", "connect('127.0.0.1', 2)"],
        two=["connect('no-such-host.invalid', 5432)", "connect('db-7.invalid', 5432)"],
    ),
    case(
        "psycopg: what a server answers",
        """
        import psycopg
        from psycopg import errors

        class Connection:
            def __init__(self, error, message):
                self.error, self.message = error, message

            def execute(self, statement):
                raise self.error(self.message)

        def store(connection):
            return connection.execute("insert")
        """,
        file="shop/db.py",
        one=[
            "store(Connection(errors.UniqueViolation, 'duplicate key value violates unique constraint \"orders_email_key\"\\nDETAIL:  Key (email)=(a@b.de) already exists.'))",
            "store(Connection(errors.UniqueViolation, 'duplicate key value violates unique constraint \"orders_email_key\"\\nDETAIL:  Key (email)=(grace) already exists.'))",
        ],
        two=[
            "store(Connection(errors.UniqueViolation, 'duplicate key value violates unique constraint \"orders_pkey\"\\nDETAIL:  Key (id)=(7) already exists.'))",
            "store(Connection(errors.UniqueViolation, 'duplicate key value violates unique constraint \"orders_pkey\"\\nDETAIL:  Key (id)=(8) already exists.'))",
        ],
        three=[
            "store(Connection(errors.DeadlockDetected, 'deadlock detected\\nDETAIL:  Process 2123 waits for ShareLock on transaction 812; blocked by process 2125.'))",
            "store(Connection(errors.DeadlockDetected, 'deadlock detected\\nDETAIL:  Process 77 waits for ShareLock on transaction 99; blocked by process 3.'))",
        ],
        four=[
            "store(Connection(errors.InvalidTextRepresentation, 'invalid input syntax for type integer: \"a dozen\"\\nLINE 1: select'))",
            "store(Connection(errors.InvalidTextRepresentation, 'invalid input syntax for type integer: \"many\"\\nLINE 1: select'))",
        ],
        five=[
            "store(Connection(errors.UndefinedColumn, 'column \"gross\" does not exist\\nLINE 1: select gross from orders where id = 7'))",
            "store(Connection(errors.UndefinedColumn, 'column \"gross\" does not exist\\nLINE 1: select gross from orders where id = 8'))",
        ],
        six=[
            "store(Connection(errors.UndefinedColumn, 'column \"net\" does not exist\\nLINE 1: select net from orders where id = 7'))",
            "store(Connection(errors.UndefinedColumn, 'column \"net\" does not exist\\nLINE 1: select net from orders where id = 8'))",
        ],
    ),
    case(
        "PyMySQL: what a server answers",
        """
        import pymysql

        class Connection:
            def query(self, statement, *what):
                pymysql.err.raise_mysql_exception(bytes([0xff]) + what[0].to_bytes(2, "little") + b"#23000" + what[1].encode())

        def store(*what):
            return Connection().query("insert", *what)
        """,
        file="shop/db.py",
        one=[
            "store(1062, \"Duplicate entry 'ada@x.de' for key 'users.email'\")",
            "store(1062, \"Duplicate entry 'grace' for key 'users.email'\")",
        ],
        two=[
            "store(1054, \"Unknown column 'net' in 'field list'\")",
            "store(1054, \"Unknown column 'net' in 'field list'\")",
        ],
        three=[
            "store(1205, 'Lock wait timeout exceeded; try restarting transaction')",
            "store(1205, 'Lock wait timeout exceeded; try restarting transaction')",
        ],
    ),
    case(
        "asyncpg: no server",
        """
        import asyncio, asyncpg

        async def connect(port):
            return await asyncpg.connect(host="127.0.0.1", port=port, user="u", database="shop", timeout=2)

        def run(port):
            return asyncio.run(connect(port))
        """,
        file="shop/db.py",
        one=["run(1)", "run(2)"],
    ),
    case(
        "redis: no server",
        """
        import redis

        def basket(port, name):
            return redis.Redis(port=port, socket_connect_timeout=1).get(name)

        def visits(port, name):
            return redis.Redis(port=port, socket_connect_timeout=1).incr(name)
        """,
        file="shop/cache.py",
        one=["basket(1, 'a')", "basket(2, 'b')"],
        two=["visits(1, 'a')", "visits(2, 'b')"],
    ),
    case(
        "redis: what a server answers",
        """
        import redis
        from redis._parsers import _RESP2Parser as Parser

        def ask(answer):
            raise Parser(1).parse_error(answer)
        """,
        file="shop/cache.py",
        one=[
            "ask('WRONGTYPE Operation against a key holding the wrong kind of value')",
            "ask('WRONGTYPE Operation against a key holding the wrong kind of value')",
        ],
        two=[
            "ask('OOM command not allowed when used memory > maxmemory.')",
            "ask('OOM command not allowed when used memory > maxmemory.')",
        ],
        three=["ask('MOVED 3999 127.0.0.1:6381')", "ask('MOVED 12182 10.0.0.7:6379')"],
    ),
    case(
        "pymongo: no server",
        """
        import pymongo

        def orders(port):
            client = pymongo.MongoClient("127.0.0.1", port, serverSelectionTimeoutMS=20, connectTimeoutMS=20)
            return client.shop.orders.find_one({"id": port})
        """,
        file="shop/db.py",
        one=["orders(1)", "orders(2)"],
    ),
    case(
        "pymongo: documents",
        """
        import bson
        from bson.objectid import ObjectId

        def number(text):
            return ObjectId(text)

        def document(value):
            return bson.encode({"a": value})
        """,
        file="shop/db.py",
        one=["number('7')", "number('not an id')"],
        two=["document(object())", "document(object())"],
    ),
    case(
        "pika: no broker",
        """
        import pika

        def publish(port):
            where = pika.ConnectionParameters("127.0.0.1", port, connection_attempts=1, socket_timeout=1)
            return pika.BlockingConnection(where)
        """,
        file="shop/queue.py",
        one=["publish(1)", "publish(2)"],
    ),
    case(
        "kafka: no broker",
        """
        from kafka import KafkaProducer

        def producer(port):
            return KafkaProducer(bootstrap_servers=f"127.0.0.1:{port}", bootstrap_timeout_ms=200, api_version_auto_timeout_ms=200)
        """,
        file="shop/queue.py",
        old=False,
        one=["producer(1)", "producer(2)"],
    ),
    case(
        "paramiko: no server, and keys",
        """
        import io
        import paramiko

        def connect(port):
            client = paramiko.SSHClient()
            client.connect("127.0.0.1", port, timeout=1)

        def key(text):
            return paramiko.RSAKey.from_private_key(io.StringIO(text))
        """,
        file="shop/sftp.py",
        one=["connect(1)", "connect(2)"],
        two=["key('nothing')", "key('x' * 30)"],
    ),
    case(
        "botocore: what a service answers",
        """
        import botocore.session
        from botocore.config import Config
        from botocore.stub import Stubber

        def client(name):
            return botocore.session.get_session().create_client(
                name, region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="y",
                config=Config(retries={"max_attempts": 0}))

        def stubbed(operation, code, message, status):
            made = client("s3")
            stub = Stubber(made)
            stub.add_client_error(operation, code, message, status)
            stub.activate()
            return made

        def download(key, code="NoSuchKey", message="The specified key does not exist.", status=404):
            return stubbed("get_object", code, message, status).get_object(Bucket="shop", Key=key)

        def upload(key, code, message, status):
            return stubbed("put_object", code, message, status).put_object(Bucket="shop", Key=key)

        def wrong(**what):
            return client("s3").get_object(**what)
        """,
        file="shop/files.py",
        one=["download('a/7.csv')", "download('b/other.csv')"],
        two=[
            "download('a/7.csv', 'AccessDenied', 'Access Denied', 403)",
            "download('c', 'AccessDenied', 'Access Denied', 403)",
        ],
        three=[
            "upload('a', 'SlowDown', 'Please reduce your request rate.', 503)",
            "upload('b', 'SlowDown', 'Please reduce your request rate.', 503)",
        ],
        four=["wrong(Bucket='shop')", "wrong(Bucket='other')"],
    ),
    case(
        "botocore: no endpoint and no credentials",
        """
        import botocore.session
        from botocore.config import Config

        def session(port, **keys):
            return botocore.session.get_session().create_client(
                "s3", region_name="eu-central-1", endpoint_url=f"http://127.0.0.1:{port}",
                config=Config(retries={"max_attempts": 0}, connect_timeout=1), **keys)

        KEYS = {"aws_access_key_id": "x", "aws_secret_access_key": "y"}

        def read(port, key):
            return session(port, **KEYS).get_object(Bucket="shop", Key=key)
        """,
        file="shop/files.py",
        one=["read(1, 'a')", "read(2, 'b c')"],
    ),
    case(
        "boto3: a resource that is not known",
        """
        import boto3

        def table(kind):
            return boto3.Session(region_name="eu-central-1").resource(kind)
        """,
        file="shop/files.py",
        one=["table('dynamo')", "table('dynamo')"],
    ),
]
