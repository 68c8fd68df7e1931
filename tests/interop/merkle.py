"""RFC 6962 and RFC 9162 section 2.1: hashes, roots and proofs of a Merkle tree over SHA-256."""

import hashlib


def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def split(width):
    """The largest power of two below a width of at least 2."""
    return 1 << (width - 1).bit_length() - 1


def root(size, node, start=0):
    """The root over `size` leaves from `start` on; `node(level, index)` gives complete subtrees."""
    if size == 0:
        return hashlib.sha256(b"").digest()
    if size & (size - 1) == 0:
        return node(size.bit_length() - 1, start // size)
    k = split(size)
    return node_hash(root(k, node, start), root(size - k, node, start + k))


def consistency(old, new, node, start=0, is_whole=True):
    """RFC 9162 section 2.1.4.1: SUBPROOF, for 0 < old <= new."""
    if old == new:
        return [] if is_whole else [root(new, node, start)]
    k = split(new)
    if old <= k:
        return consistency(old, k, node, start, is_whole) + [root(new - k, node, start + k)]
    return consistency(old - k, new - k, node, start + k, False) + [root(k, node, start)]


def root_from_inclusion(leaf, index, size, path):
    """RFC 9162 section 2.1.3.2; None when the path cannot be of that place."""
    if index >= size:
        return None
    at, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if at % 2 or at == last:
            found = node_hash(sibling, found)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    return found if last == 0 else None


def is_consistent(old, old_root, new, new_root, path):
    """RFC 9162 section 2.1.4.2, for 0 < old < new."""
    if not path:
        return False
    if old & (old - 1) == 0:
        path = [old_root] + path
    at, last = old - 1, new - 1
    while at % 2:
        at, last = at >> 1, last >> 1
    first, second = path[0], path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at % 2 or at == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and (first, second) == (old_root, new_root)
