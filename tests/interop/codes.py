#!/usr/bin/env python3
"""Reads photographs of ordinary codes with zxing-cpp: the peer of `watermark/examples/codes.rs`, by the same rules.

Needs `pip install zxing-cpp pillow numpy`. CORPUS names a folder of folders; a photograph with a .txt beside it is read
when exactly that text is, and one without must show nothing.
"""

import os
import pathlib
import sys
import time

import numpy
import zxingcpp
from PIL import Image

KINDS = zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix


def grey(path):
    """What can be seen through lies on white."""
    picture = Image.open(path).convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    white.alpha_composite(picture)
    return numpy.array(white.convert("L"))


def truth(path):
    beside = path.with_suffix(".txt")
    if not beside.exists():
        return None
    text = beside.read_bytes().decode("utf-8", "replace")
    # A line end behind the text may be the code's or the file's.
    return {text, text.rstrip("\r\n")}


def texts(pixels):
    return [code.text for code in zxingcpp.read_barcodes(pixels, formats=KINDS)]


def row(folder, photos):
    exact = wrong = 0
    took = []
    for photo in photos:
        start = time.perf_counter()
        found = texts(grey(photo))
        took.append((time.perf_counter() - start) * 1e3)
        expected = truth(photo)
        if expected is not None and expected.intersection(found):
            exact += 1
        elif found:
            wrong += 1
    took.sort()
    p95 = took[int((len(took) - 1) * 0.95)]
    print(f"{folder.name:<28}{len(photos):>7}  zxing-cpp {exact}/{wrong} {took[len(took) // 2]:.0f} {p95:.0f} {took[-1]:.0f}")


def main():
    corpus = os.environ.get("CORPUS")
    if not corpus:
        sys.exit("CORPUS names a folder of photographs")
    root = pathlib.Path(corpus)
    for folder in [root, *sorted(p for p in root.iterdir() if p.is_dir())]:
        photos = sorted(p for p in folder.iterdir() if p.suffix in (".png", ".jpg", ".jpeg"))
        if photos:
            row(folder, photos)


main()
