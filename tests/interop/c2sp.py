"""C2SP: signed-note, tlog-checkpoint, tlog-cosignature, tlog-tiles and tlog-proof."""

import base64
import binascii
import hashlib
import struct
from collections import namedtuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LOG, COSIGNATURE = 1, 4

Key = namedtuple("Key", "name id kind public")
Checkpoint = namedtuple("Checkpoint", "origin size root text lines")


class Refused(Exception):
    pass


def need(condition, why):
    if not condition:
        raise Refused(why)


def unbase64(text):
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("not base64") from error
    need(base64.b64encode(found).decode() == text, "base64 of another form")
    return found


def number(text):
    need(text.isascii() and text.isdigit() and str(int(text)) == text, "not a number")
    return int(text)


def is_signed(public, message, signature):
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


def verifier_key(vkey):
    name, key_id, encoded = vkey.split("+", 2)
    raw = unbase64(encoded)
    kind, public = raw[0], raw[1:]
    need(kind in (LOG, COSIGNATURE) and len(public) == 32, "a verifier key of another kind")
    expected = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    need(expected.hex() == key_id, "a verifier key whose id is not its own")
    return Key(name, expected, kind, public)


def checkpoint(note):
    """Reads a note whose text is a checkpoint; verifies nothing."""
    try:
        text = note.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("not UTF-8") from error
    need(text.endswith("\n") and "\n\n" in text, "not a signed note")
    body, block = text.rsplit("\n\n", 1)
    lines = []
    for line in block[:-1].split("\n"):
        parts = line.split(" ")
        need(len(parts) == 3 and parts[0] == "\u2014", "a signature line of another form")
        raw = unbase64(parts[2])
        need(len(raw) > 4, "a signature line without a signature")
        lines.append((parts[1], raw[:4], raw[4:]))
    fields = body.split("\n")
    need(len(fields) == 3 and fields[0], "a checkpoint with other than three lines")
    root = unbase64(fields[2])
    need(len(root) == 32, "a root that is not 32 bytes")
    return Checkpoint(fields[0], number(fields[1]), root, (body + "\n").encode(), lines)


def signatures_of(found, key):
    """How many lines are by the key; a line that claims it and is not is refused."""
    count = 0
    for name, key_id, signature in found.lines:
        if (name, key_id) != (key.name, key.id):
            continue
        message = found.text
        if key.kind == COSIGNATURE:
            need(len(signature) == 72, "a cosignature of another length")
            (time,) = struct.unpack(">Q", signature[:8])
            message = b"cosignature/v1\ntime %d\n" % time + found.text
            signature = signature[8:]
        need(is_signed(key.public, message, signature), f"the signature of {name} does not verify")
        count += 1
    return count


def verified(note, log, witnesses=()):
    """A checkpoint that the log and every one of the witnesses has signed."""
    found = checkpoint(note)
    need(found.origin == log.name, "a checkpoint of another log")
    for key in (log, *witnesses):
        need(signatures_of(found, key) > 0, f"no signature by {key.name}")
    return found


def tile_path(row, index, width):
    groups = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03}")
    partial = "" if width == 256 else f".p/{width}"
    return f"tile/{row}/{'/'.join(groups)}{partial}"


def tiles(size):
    """Every tile of a log: row, index, width; entries first."""
    for row, items in [("entries", size)] + [(level, size >> 8 * level) for level in range(8)]:
        for index in range((items + 255) // 256):
            yield row, index, min(256, items - 256 * index)


def entries(bundle):
    found = []
    while bundle:
        need(len(bundle) >= 2, "a bundle that breaks off")
        (length,) = struct.unpack(">H", bundle[:2])
        need(len(bundle) >= 2 + length, "a bundle that breaks off")
        found.append(bundle[2 : 2 + length])
        bundle = bundle[2 + length :]
    return found


def proof(text):
    """A tlog-proof: index, hashes, the note in it."""
    head, _, note = text.partition(b"\n\n")
    lines = head.decode("ascii", "replace").split("\n")
    need(lines[0] == "c2sp.org/tlog-proof@v1", "not a tlog-proof")
    lines = lines[1:]
    if lines and lines[0].startswith("extra "):
        lines = lines[1:]
    need(lines and lines[0].startswith("index "), "a tlog-proof without an index")
    hashes = [unbase64(line) for line in lines[1:]]
    need(all(len(value) == 32 for value in hashes), "a hash that is not 32 bytes")
    return number(lines[0][len("index ") :]), hashes, note
