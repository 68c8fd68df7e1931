#!/usr/bin/env python3
"""Reads everything that a service serves of its log into a folder. Checks nothing."""

import argparse
import json
import urllib.request
from pathlib import Path

import c2sp
import scitt


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--token", help="a member's session: entry bundles are for auditors")
    asked = parser.parse_args()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(path):
        request = urllib.request.Request(f"{asked.url}{path}")
        if asked.token:
            request.add_header("Authorization", f"Bearer {asked.token}")
        with opener.open(request, timeout=60) as answer:
            return answer.read()

    def keep(name, data):
        place = asked.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        return data

    keep("genesis.cbor", get("/v1/genesis"))
    keep("scitt-keys.cbor", get("/.well-known/scitt-keys"))
    size = c2sp.checkpoint(keep("checkpoint", get("/log/checkpoint"))).size
    after = 0
    while after is not None:
        page = json.loads(get(f"/log/checkpoints?after={after}"))
        # The log goes on meanwhile; what is shown as newest ends this copy.
        for kept in [kept for kept in page["items"] if kept["size"] <= size]:
            keep(f"checkpoints/{kept['size']}", kept["checkpoint"].encode())
        after = page["next"]
    entries = []
    for row, index, width in c2sp.tiles(size):
        path = c2sp.tile_path(row, index, width)
        tile = keep(path, get(f"/log/{path}"))
        if row == "entries":
            entries += c2sp.entries(tile)
    for index, entry in enumerate(entries):
        keep(f"proofs/{index}.tlog-proof", get(f"/log/proof/{index}"))
        name = scitt.statement_id(entry)
        keep(f"statements/{index}.json", get(f"/v1/statements/{name}"))
        keep(f"receipts/{index}.cbor", get(f"/entries/{name}"))
    print(f"{size} entries")


if __name__ == "__main__":
    main()
