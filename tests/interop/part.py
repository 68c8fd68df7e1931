#!/usr/bin/env python3
"""Checks the bundle of one part, alone or in a dossier, against a pinned genesis and the witnesses that must have cosigned.
No network.

The file is deterministic CBOR: [name, mark, checkpoint, [] or [note, hashes], [[index, submission, receipt], ...], hashes,
[[subject, [[index, time, id], ...], proof], ...]]; hashes are one string of 32 bytes each, a submission is
[envelope, body, sections]."""

import argparse
import hashlib
import io
import json
import struct
import sys
import zipfile
from pathlib import Path

import c2sp
import merkle
import scitt
from c2sp import Refused, need


def hashes(data):
    need(isinstance(data, bytes) and len(data) % 32 == 0, "hashes that are cut off")
    return [data[at : at + 32] for at in range(0, len(data), 32)]


def digest(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def cards(said):
    """Every key that a body tells of."""
    if isinstance(said, dict):
        if "public" in said and "holder" in said:
            yield bytes.fromhex(said["public"])
        said = list(said.values())
    if isinstance(said, list):
        for one in said:
            yield from cards(one)


def join(leaves, start, end, path):
    """The root over some leaves and the largest subtrees that hold none of them, from left to right."""
    if not leaves:
        need(path, "too few hashes")
        return path.pop(0)
    if end - start == 1:
        return leaves[0][1]
    middle = start + merkle.split(end - start)
    left = join([one for one in leaves if one[0] < middle], start, middle, path)
    return merkle.node_hash(left, join([one for one in leaves if one[0] >= middle], middle, end, path))


def head_of(links):
    """The chain over all statements that count for a subject."""
    head = bytes(32)
    for index, time, statement in links:
        head = digest(b"threadmark head\0", head, struct.pack(">Qq", index, time), statement)
    return len(links), head


def bit(key, depth):
    return key[depth // 8] >> (7 - depth % 8) & 1


def leaf_of(key, count, head):
    return digest(b"threadmark leaf\0", key, struct.pack(">Q", count), head)


def check_list(subject, links, proof, root):
    """The list of a subject's statements is whole under the root that the log has signed."""
    other, depths, siblings = scitt.decoded(proof)
    siblings = hashes(siblings)
    need(len(depths) == len(siblings) and list(depths) == sorted(set(depths)), "a proof of another form")
    need(all(one[0] < two[0] for one, two in zip(links, links[1:])), "a list out of order")
    key = digest(b"threadmark subj\0", subject.encode())
    count, head = head_of(links)
    if other is not None:
        need(count == 0 and other[0] != key, "a neighbour beside a list")
        need(all(bit(other[0], depth) == bit(key, depth) for depth in depths), "a neighbour from elsewhere")
        found = leaf_of(*other)
    elif count:
        found = leaf_of(key, count, head)
    else:
        need(not depths, "a list without anything")
        found = digest(b"threadmark none\0")
    for depth, sibling in reversed(list(zip(depths, siblings))):
        pair = (sibling, found) if bit(key, depth) else (found, sibling)
        found = digest(b"threadmark node\0", bytes([depth]), *pair)
    need(found == root, f"the list of {subject} is not whole")


class Part:
    def __init__(self, data, fingerprint, witnesses):
        parts = scitt.decoded(data)
        need(isinstance(parts, list) and len(parts) == 7 and parts[0] == "threadmark-bundle-v2", "not a bundle")
        _, self.mark, self.note, self.cosigned, entries, self.path, self.lists = parts
        self.entries = [(index, *scitt.decoded(submission), receipt) for index, submission, receipt in entries]
        need(all(one[0] < two[0] for one, two in zip(self.entries, self.entries[1:])), "entries out of order")
        self.check_genesis(fingerprint)
        self.head = c2sp.verified(self.note.encode(), self.log)
        self.check_cosigned([c2sp.verifier_key(vkey) for vkey in witnesses])
        self.check_inclusion()
        self.ids = {}
        for entry in self.entries:
            self.check_entry(*entry)
        need(f"mark:{self.mark}" in [subject for subject, *_ in self.lists], "nothing about its own mark")
        for subject, links, proof in self.lists:
            check_list(subject, links, proof, self.root)
            for index, _, statement in links:
                need(self.ids.get(index, statement) == statement, f"entry {index} is not what a list names")

    def check_genesis(self, fingerprint):
        need([entry[0] for entry in self.entries[:2]] == [0, 1], "no genesis")
        ids = b"".join(bytes.fromhex(scitt.statement_id(envelope)) for _, envelope, *_ in self.entries[:2])
        need(hashlib.sha256(ids).hexdigest() == fingerprint, "another genesis than the one that is pinned")
        policy, anchors = (json.loads(body)["core"] for _, _, body, *_ in self.entries[:2])
        self.origin = policy["origin"]
        self.log = c2sp.verifier_key(anchors["checkpoint_vkey"])
        self.log_public = bytes.fromhex(anchors["log"]["public"])
        self.keys = {scitt.thumbprint(public): public for public in cards(anchors)}

    def check_cosigned(self, witnesses):
        # The newest checkpoint may be cosigned or not; a line that claims it must be good.
        for witness in witnesses:
            c2sp.signatures_of(self.head, witness)
        if not self.cosigned:
            need(not witnesses, "no witness has cosigned")
            return
        note, path = self.cosigned
        old = c2sp.verified(note.encode(), self.log, witnesses)
        if old.size == self.head.size:
            need(old.root == self.head.root and path == b"", "two roots of one size")
        else:
            good = merkle.is_consistent(old.size, old.root, self.head.size, self.head.root, hashes(path))
            need(good, "it does not continue what witnesses have cosigned")

    def check_inclusion(self):
        leaves = [(index, merkle.leaf_hash(envelope)) for index, envelope, *_ in self.entries]
        path = hashes(self.path)
        need(leaves[-1][0] == self.head.size - 1, "the newest batch is not closed")
        need(join(leaves, 0, self.head.size, path) == self.head.root and not path, "entries that are not in the log")

    def check_entry(self, index, envelope, body, sections, receipt):
        need(sections == {}, "a sealed section")
        kid = scitt.sign1(envelope).headers.get(scitt.KID)
        need(kid in self.keys, f"entry {index} is by a key of which nothing tells")
        found = scitt.check_statement(envelope, self.keys[kid], self.origin)
        said = scitt.check_body(found, body)
        for public in cards(said["core"]):
            self.keys[scitt.thumbprint(public)] = public
        proven = scitt.check_receipt(receipt, envelope, self.log_public, self.origin)
        need(proven.index == index and proven.size <= self.head.size, f"the receipt of entry {index} is of another")
        self.ids[index] = bytes.fromhex(scitt.statement_id(envelope))
        if index == self.head.size - 1:
            need(said["kind"] == "log.batch" and self.keys[kid] == self.log_public, "the newest batch is not closed")
            self.root = bytes.fromhex(said["core"]["index_root"])


def bundle_of(data):
    """A bundle as it is, or the one in a dossier, whose index must list exactly the files that are in it."""
    if not data.startswith(b"PK"):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as dossier:
        names = dossier.namelist()
        need(len(set(names)) == len(names), "two files of one name")
        files = {name: dossier.read(name) for name in names}
    index = json.loads(files.pop("index.json"))
    need(index["form"] == "threadmark-dossier-v1", "a dossier of another form")
    listed = {line["path"]: line["sha256"] for line in index["files"]}
    need(sorted(listed) == sorted(files), "the index lists other files than there are")
    for name, content in files.items():
        need(hashlib.sha256(content).hexdigest() == listed[name], f"{name} is not what the index lists")
    return files["part.bundle"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--genesis", required=True, help="the fingerprint that is pinned, hexadecimal")
    parser.add_argument("--witness", action="append", default=[], help="verifier key of a witness that must have cosigned")
    asked = parser.parse_args()
    try:
        part = Part(bundle_of(asked.file.read_bytes()), asked.genesis, asked.witness)
    except (Refused, OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, struct.error, zipfile.BadZipFile) as error:
        print(f"refused: {asked.file}: {error}", file=sys.stderr)
        return 1
    print(f"{part.mark}: {len(part.entries)} statements, {len(part.lists)} whole lists, up to {part.head.size} entries")
    return 0


if __name__ == "__main__":
    sys.exit(main())
