#!/usr/bin/env python3
"""Checks a folder that fetch.py has filled, against a pinned genesis and the witnesses that must have cosigned."""

import argparse
import hashlib
import json
import sys
from pathlib import Path

import c2sp
import merkle
import scitt
from c2sp import need


class Copy:
    """The folder, what is trusted because of the pin, and what was found so far."""

    def __init__(self, folder, witnesses):
        self.folder = folder
        self.witnesses = [c2sp.verifier_key(vkey) for vkey in witnesses]
        self.at = "?"

    def read(self, name):
        self.at = name
        return (self.folder / name).read_bytes()

    def check(self, fingerprint):
        self.check_genesis(fingerprint)
        need(scitt.key_set(self.read("scitt-keys.cbor")) == {self.log_public}, "other keys than those of genesis")
        self.head = c2sp.verified(self.read("checkpoint"), self.log, self.witnesses)
        self.read_entries()
        self.read_tiles()
        roots = self.check_checkpoints()
        for index, entry in enumerate(self.entries):
            self.check_proof(index, entry, roots)
            self.check_statement(index, entry, roots)

    def check_genesis(self, fingerprint):
        submissions = scitt.decoded(self.read("genesis.cbor"))
        self.genesis = [scitt.decoded(one)[:2] for one in submissions]
        need(len(self.genesis) == 2, "not two statements")
        ids = b"".join(bytes.fromhex(scitt.statement_id(envelope)) for envelope, _ in self.genesis)
        need(hashlib.sha256(ids).hexdigest() == fingerprint, "another genesis than the one that is pinned")
        policy, anchors = (json.loads(body)["core"] for _, body in self.genesis)
        self.origin = policy["origin"]
        self.log = c2sp.verifier_key(anchors["checkpoint_vkey"])
        self.log_public = bytes.fromhex(anchors["log"]["public"])
        governor = bytes.fromhex(anchors["governor"]["public"])
        for envelope, body in self.genesis:
            scitt.check_body(scitt.check_statement(envelope, governor, self.origin), body)
        need(self.log.name == self.origin and self.log.kind == c2sp.LOG, "a checkpoint key of another log")

    def read_entries(self):
        self.entries = []
        for row, index, width in c2sp.tiles(self.head.size):
            if row == "entries":
                found = c2sp.entries(self.read(c2sp.tile_path(row, index, width)))
                need(len(found) == width, "a bundle with another number of entries than its path says")
                self.entries += found
        need(self.entries[:2] == [envelope for envelope, _ in self.genesis], "entries 0 and 1 are not genesis")

    def read_tiles(self):
        """Every row from the one below, the lowest from the entries; then the root from all of them."""
        self.rows = {}
        expected = [merkle.leaf_hash(entry) for entry in self.entries]
        for row, index, width in c2sp.tiles(self.head.size):
            if row == "entries":
                continue
            if index == 0 and row > 0:
                full = len(expected) // 256
                expected = [self.node(8 * row, at) for at in range(full)]
            tile = self.read(c2sp.tile_path(row, index, width))
            hashes = expected[256 * index : 256 * index + width]
            need(tile == b"".join(hashes), "a tile that is not what is below it")
            self.rows.setdefault(row, []).extend(tile[at : at + 32] for at in range(0, len(tile), 32))
        need(merkle.root(self.head.size, self.node) == self.head.root, "tiles that do not lead to the checkpoint")

    def node(self, level, index):
        """A complete subtree, from the nearest row of tiles at or below it."""
        row = min(level // 8, max(self.rows))
        if level == 8 * row:
            return self.rows[row][index]
        return merkle.node_hash(self.node(level - 1, 2 * index), self.node(level - 1, 2 * index + 1))

    def check_checkpoints(self):
        """Each is signed, is a state of the tree, and is consistent with the next by a proof made of tiles."""
        sizes = sorted(int(path.name) for path in (self.folder / "checkpoints").iterdir())
        need(sizes and sizes[-1] == self.head.size, "the newest checkpoint is not the last one that is kept")
        roots, before = {}, None
        for size in sizes:
            found = c2sp.verified(self.read(f"checkpoints/{size}"), self.log)
            need(found.size == size, "a checkpoint of another size")
            for witness in self.witnesses:
                c2sp.signatures_of(found, witness)
            roots[size] = found.root
            if before:
                path = merkle.consistency(before, size, self.node)
                consistent = merkle.is_consistent(before, roots[before], size, found.root, path)
                need(consistent, f"it does not continue the checkpoint of size {before}")
            before = size
        return roots

    def check_proof(self, index, entry, roots):
        place, path, note = c2sp.proof(self.read(f"proofs/{index}.tlog-proof"))
        found = c2sp.verified(note, self.log, self.witnesses)
        need(place == index, "a proof of another place")
        root = merkle.root_from_inclusion(merkle.leaf_hash(entry), index, found.size, path)
        need(root == found.root, "a proof that does not lead to its checkpoint")
        # The checkpoint may be newer than this copy.
        need(roots.get(found.size, found.root) == found.root, "a proof against another history")

    def check_statement(self, index, entry, roots):
        told = json.loads(self.read(f"statements/{index}.json"))
        need(bytes.fromhex(told["envelope"]) == entry, "another envelope than the log's")
        need(told["index"] == index and told["id"] == scitt.statement_id(entry), "another statement")
        public = bytes.fromhex(told["author_key"])
        found = scitt.check_statement(entry, public, self.origin)
        said = scitt.check_body(found, bytes.fromhex(told["body"]))
        need((said["kind"] == "log.batch") <= (public == self.log_public), "an entry of the log by another key")
        transparent = self.read(f"receipts/{index}.cbor")
        need(transparent.hex() == told["receipt"], "two receipts for one statement")
        receipt = scitt.check_receipt(transparent, entry, self.log_public, self.origin)
        need((receipt.size, receipt.index) == (told["tree_size"], index), "a receipt for another place")
        need(roots.get(receipt.size) == receipt.root, "a receipt over a root that no checkpoint has")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--genesis", required=True, help="the fingerprint that is pinned, hexadecimal")
    parser.add_argument("--witness", action="append", default=[], help="verifier key of a witness that must have cosigned")
    asked = parser.parse_args()
    copy = Copy(asked.folder, asked.witness)
    try:
        copy.check(asked.genesis)
    except (c2sp.Refused, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"refused: {copy.at}: {error}", file=sys.stderr)
        return 1
    print(f"{copy.head.size} entries of {copy.origin}: everything that was checked is good")
    return 0


if __name__ == "__main__":
    sys.exit(main())
