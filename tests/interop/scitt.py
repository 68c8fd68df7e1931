"""COSE: statements as hash envelopes (RFC 9052, RFC 9943, RFC 9995) and receipts (RFC 9942)."""

import hashlib
import io
import json
from collections import namedtuple
from datetime import datetime

import cbor2

from c2sp import is_signed, need, Refused
from merkle import leaf_hash, root_from_inclusion

ALG, KID, CLAIMS, HASH_ALG, PREIMAGE = 1, 4, 15, 258, 259
ISS, SUB, AUD, IAT = 1, 2, 3, 6
VDS, VDP, INCLUSION = 395, 396, -1
EDDSA, ED25519, SHA256 = -8, -19, -16

Signed = namedtuple("Signed", "headers protected unprotected payload signature")
Receipt = namedtuple("Receipt", "size index root")


def decoded(data):
    """One item of deterministic CBOR and nothing behind it."""
    stream = io.BytesIO(data)
    try:
        found = cbor2.CBORDecoder(stream).decode()
        again = cbor2.dumps(found, canonical=True)
    except Exception as error:
        raise Refused("not CBOR") from error
    need(again == data, "CBOR of another form than the deterministic one")
    return found


def sign1(data):
    found = decoded(data)
    need(isinstance(found, cbor2.CBORTag) and found.tag == 18, "not a COSE_Sign1")
    parts = found.value
    need(isinstance(parts, (list, tuple)) and len(parts) == 4, "not a COSE_Sign1")
    protected, unprotected, payload, signature = parts
    need(isinstance(protected, bytes) and isinstance(signature, bytes), "not a COSE_Sign1")
    headers = decoded(protected)
    need(hasattr(headers, "items"), "a header that is no map")
    need(headers.get(ALG) in (EDDSA, ED25519), "an algorithm that is not Ed25519")
    return Signed(headers, protected, dict(unprotected), payload, signature)


def to_be_signed(protected, payload):
    return cbor2.dumps(["Signature1", protected, b"", payload], canonical=True)


def thumbprint(public):
    """RFC 9679, for an Ed25519 key."""
    return hashlib.sha256(cbor2.dumps({1: 1, -1: 6, -2: public}, canonical=True)).digest()


def key_set(data):
    """The Ed25519 keys of a COSE Key Set, each named by its thumbprint."""
    found = set()
    for key in decoded(data):
        need((key.get(1), key.get(-1)) == (1, 6) and key.get(3) in (EDDSA, ED25519), "a key that is not Ed25519")
        need(key.get(2) == thumbprint(key[-2]), "a key under another name than its thumbprint")
        found.add(key[-2])
    return found


def statement_id(envelope):
    found = sign1(envelope)
    return hashlib.sha256(to_be_signed(found.protected, found.payload)).hexdigest()


def check_statement(envelope, public, origin):
    """A hash envelope for the log, signed by the key that it names."""
    found = sign1(envelope)
    need(found.unprotected == {}, "an unprotected header that is not empty")
    need(isinstance(found.payload, bytes) and len(found.payload) == 32, "a payload that is no digest")
    need(found.headers.get(HASH_ALG) == SHA256 and PREIMAGE in found.headers, "not a hash envelope")
    claims = found.headers.get(CLAIMS, {})
    need(claims.get(AUD) == origin, "a statement for another log")
    need(isinstance(claims.get(ISS), str) and isinstance(claims.get(SUB), str), "claims without iss and sub")
    need(found.headers.get(KID) == thumbprint(public), "a statement by another key")
    need(
        is_signed(public, to_be_signed(found.protected, found.payload), found.signature),
        "the author's signature does not verify",
    )
    return found


def no_duplicates(pairs):
    need(len({name for name, _ in pairs}) == len(pairs), "a name that stands twice")
    return dict(pairs)


def check_body(found, body):
    """The body is what was signed, and says the same as the envelope."""
    need(hashlib.sha256(body).digest() == found.payload, "a body that was not signed")
    said = json.loads(body, object_pairs_hook=no_duplicates)
    claims = found.headers[CLAIMS]
    for name, label in (("iss", ISS), ("sub", SUB), ("iat", IAT)):
        need(said.get(name) == claims.get(label), f"a body with another {name} than its envelope")
    datetime.fromisoformat(said["occurred_at"])
    return said


def check_receipt(data, entry, public, origin):
    """RFC 9942: the path leads from the entry to a root that the log has signed. Size and index are not signed."""
    found = sign1(data)
    need(found.headers.get(VDS) == 1, "a receipt of another structure than RFC9162_SHA256")
    need(found.payload is None, "a receipt with a payload")
    claims = found.headers.get(CLAIMS, {})
    need(claims.get(ISS) == origin, "a receipt of another log")
    need(claims.get(SUB) == sign1(entry).headers[CLAIMS][SUB], "a receipt about another subject")
    need(found.headers.get(KID) == thumbprint(public), "a receipt by another key")
    proofs = found.unprotected.get(VDP, {}).get(INCLUSION, [])
    need(set(found.unprotected) == {VDP} and len(proofs) == 1, "a receipt without its one proof")
    size, index, path = decoded(proofs[0])
    need(path, "a receipt with an empty path")
    root = root_from_inclusion(leaf_hash(entry), index, size, path)
    need(root is not None, "a path that cannot be of that place")
    need(is_signed(public, to_be_signed(found.protected, root), found.signature), "the log has not signed this root")
    return Receipt(size, index, root)
