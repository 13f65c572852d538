"""Objects of ten popular C extensions, one function each (truth.py)."""

import asyncio
import datetime
import importlib
import importlib.util

ROWS = 50


def version_of(name):
    module = importlib.import_module({"protobuf": "google.protobuf"}.get(name, name))
    return getattr(module, "__version__", None) or str(getattr(module, "version", "?"))


def numpy():
    import numpy as np

    yield np.array([[1], None, "x", object()] * ROWS, dtype=object)
    yield np.arange(1000).reshape(10, 100)[::2], np.zeros(3, dtype=[("a", "i4"), ("b", "O")])
    yield np.float64(1), np.dtype("f8"), np.dtype([("a", "O")]), np.random.default_rng(1)
    yield np.nditer(np.arange(5)), np.vectorize(len), np.add, np.array(["a", "b"])
    yield np.ma.array([1, 2], mask=[0, 1]), np.broadcast([1], [2]), np.arange(3).flat
    yield [np.arange(i) for i in range(ROWS)], [np.float32(i) for i in range(ROWS)]


def pandas():
    import pandas as pd

    numbers = range(2 * ROWS)
    frame = pd.DataFrame({"a": numbers, "b": [str(i) for i in numbers]})
    frame["c"] = pd.date_range("2020", periods=2 * ROWS)
    yield frame, frame.groupby("a"), frame.set_index("b"), frame.rolling(3), frame.describe()
    yield pd.Timestamp("2020-02-02"), pd.Timedelta(1), pd.Interval(1, 2), pd.NaT, pd.NA
    yield (
        pd.Categorical(list("abc")),
        pd.Series([[1], [2]]),
        pd.MultiIndex.from_product([[1, 2], [3]]),
    )
    yield pd.period_range("2020", periods=3, freq="D"), pd.offsets.Day(2)


def lxml():
    from lxml import etree, html

    root = etree.fromstring('<a x="1"><b>t</b><c/>' + "<d><e/></d>" * ROWS + "</a>")
    sheet = '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>'
    yield root, list(root.iter()), root.getroottree(), root.attrib, root.xpath("//e")
    yield etree.XPath("//b"), etree.XSLT(etree.XML(sheet)), etree.XMLParser(), etree.iterwalk(root)
    yield html.fromstring("<p>x<b>y</b></p>"), etree.XMLSyntaxError("m", 1, 2, 3)


def pydantic():
    import typing

    import pydantic

    class Inner(pydantic.BaseModel):
        x: int = 1
        y: typing.List[str] = []

    class Model(pydantic.BaseModel):
        a: int
        b: typing.Optional[str] = None
        c: typing.Dict[str, Inner] = {}
        d: typing.List[Inner] = []

        @pydantic.field_validator("a")
        def check(cls, value):
            return value

    yield [Model(a=i, c={"k": Inner(x=i)}, d=[Inner()]) for i in range(6 * ROWS)]
    yield pydantic.TypeAdapter(typing.List[Model]), Inner, Model
    try:
        Model(a="x")
    except pydantic.ValidationError as error:
        yield error.with_traceback(None)


def orjson():
    import orjson

    yield orjson.loads('[{"a": [1, 2, {"b": null}]}]'), orjson.loads("[" + "{}," * ROWS + "1]")
    try:
        orjson.loads("{")
    except orjson.JSONDecodeError as error:
        yield error.with_traceback(None)
    if hasattr(orjson, "Fragment"):
        yield orjson.Fragment(b"1")


def cryptography():
    from cryptography import x509
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    yield key, key.public_key(), ed25519.Ed25519PrivateKey.generate()
    yield hashes.Hash(hashes.SHA256()), Fernet(Fernet.generate_key())
    yield Cipher(algorithms.AES(b"0" * 16), modes.CBC(b"0" * 16)).encryptor()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(datetime.datetime(2020, 1, 1))
    builder = builder.not_valid_after(datetime.datetime(2030, 1, 1))
    certificate = builder.sign(key, hashes.SHA256())
    yield certificate, certificate.extensions, certificate.subject, builder


async def _aiohttp(loop):
    import aiohttp
    from aiohttp import web

    async def wait():
        await asyncio.sleep(3600)

    application = web.Application()
    application.router.add_get("/", wait)
    tasks = [loop.create_task(wait()) for _ in range(ROWS)]
    await asyncio.sleep(0.01)
    return aiohttp.ClientSession(), application, tasks, loop.create_future()


def aiohttp():
    import frozenlist
    import multidict
    import yarl

    loop = asyncio.new_event_loop()
    yield loop, loop.run_until_complete(_aiohttp(loop))
    yield multidict.CIMultiDict([("a", "b"), ("c", [1])]), multidict.MultiDict(a=[1]).items()
    yield yarl.URL("http://host/path?query=1"), frozenlist.FrozenList([[1], 2])


def sqlalchemy():
    import sqlalchemy as sa
    from sqlalchemy import orm

    base = orm.declarative_base()

    class User(base):
        __tablename__ = "user"
        id = sa.Column(sa.Integer, primary_key=True)
        name = sa.Column(sa.String)
        orders = orm.relationship("Order", back_populates="user")

    class Order(base):
        __tablename__ = "order"
        id = sa.Column(sa.Integer, primary_key=True)
        user_id = sa.Column(sa.ForeignKey("user.id"))
        user = orm.relationship("User", back_populates="orders")

    engine = sa.create_engine("sqlite://")
    base.metadata.create_all(engine)
    session = orm.Session(engine)
    session.add_all([User(name=str(i), orders=[Order(), Order()]) for i in range(2 * ROWS)])
    session.commit()
    users = session.query(User).all()
    yield session, engine, users, [user.orders for user in users]
    yield session.execute(sa.select(User.id, User.name)).all()


def protobuf():
    from google.protobuf import descriptor_pb2, struct_pb2, timestamp_pb2

    message = struct_pb2.Struct()
    message.update({"a": 1, "b": {"c": [1, 2, "x"]}})
    yield message, message.fields, message.fields["b"].struct_value, message.DESCRIPTOR
    yield message.DESCRIPTOR.file, timestamp_pb2.Timestamp(seconds=1)
    yield descriptor_pb2.FileDescriptorProto(name="x")
    yield [struct_pb2.Value(string_value=str(i)) for i in range(ROWS)]


def msgpack():
    import msgpack

    yield msgpack.Packer(default=str), msgpack.Unpacker(object_hook=dict)
    yield msgpack.ExtType(1, b""), msgpack.Timestamp(1), msgpack.unpackb(msgpack.packb([{}] * ROWS))
