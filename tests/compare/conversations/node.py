"""ApiVersions, SaslHandshake, InitProducerId."""

from registry import case
from talk import Talk
from wire import batch


@case("ApiVersions")
def what_there_is(s: Talk, v: int):
    s.ask("ApiVersions", v, client_software_name="compare", client_software_version="1.0-x")


@case("ApiVersions", since=3)
def names_of_software(s: Talk, v: int):
    for name in ("", "a b", "a_b", "a.b-C", "-a", "a-", ".", "ä", "x" * 1000):
        s.ask("ApiVersions", v, client_software_name=name, client_software_version="1")
        s.ask("ApiVersions", v, client_software_name="compare", client_software_version=name)


@case("SaslHandshake")
def without_sasl(s: Talk, v: int):
    for mechanism in ("PLAIN", "SCRAM-SHA-256", "", "nonsense", "x" * 1000):
        s.ask("SaslHandshake", v, mechanism=mechanism)
    s.ask("Metadata", 4, topics=[], allow_auto_topic_creation=False)  # the connection goes on


@case("InitProducerId")
def new_producers(s: Talk, v: int):
    fields = {"transactional_id": None, "transaction_timeout_ms": 60000, "producer_id": -1, "producer_epoch": -1}
    for _ in range(3):
        s.ask("InitProducerId", v, **fields)
    for timeout in (0, -1, 2**31 - 1):
        s.ask("InitProducerId", v, **{**fields, "transaction_timeout_ms": timeout})


@case("InitProducerId")
def known_producers(s: Talk, v: int):
    number, epoch = s.producer()
    for producer in ((number, epoch), (number, epoch + 1), (number, -1), (-1, 0), (-2, -2), (4_000_000_000, 5)):
        s.ask("InitProducerId", v, transactional_id=None, transaction_timeout_ms=60000, producer_id=producer[0],
              producer_epoch=producer[1])  # fmt: skip


@case("InitProducerId")
def transactional_producers(s: Talk, v: int):
    for name in ("tx", ""):
        for timeout in (60000, 0, -1):
            s.ask("InitProducerId", v, transactional_id=name, transaction_timeout_ms=timeout, producer_id=-1,
                  producer_epoch=-1)  # fmt: skip


@case("InitProducerId")
def ids_are_used(s: Talk, v: int):
    t = s.topic()
    answer = s.ask("InitProducerId", v, transactional_id=None, transaction_timeout_ms=60000, producer_id=-1,
                   producer_epoch=-1)  # fmt: skip
    s.put_batch(t, batch(b"a", producer=(answer.producer_id, answer.producer_epoch, 0)))
