#!/usr/bin/env python3
"""Whether every STL below a folder is a solid, to trimesh and to manifold3d, which are not ours. One JSON line each."""

import json
import sys
from pathlib import Path

import manifold3d
import numpy
import trimesh


def told(file):
    mesh = trimesh.load(file, file_type="stl", force="mesh")
    corners = numpy.asarray(mesh.vertices, numpy.float32)
    sides = numpy.asarray(mesh.faces, numpy.uint32)
    solid = manifold3d.Manifold(manifold3d.Mesh(vert_properties=corners, tri_verts=sides))
    return {
        "watertight": bool(mesh.is_watertight),
        "winding": bool(mesh.is_winding_consistent),
        "volume": bool(mesh.is_volume),
        "manifold": solid.status() == manifold3d.Error.NoError and not solid.is_empty(),
    }


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    for file in sorted(folder.rglob("*.stl")):
        found = told(file)
        print(json.dumps({"file": str(file.relative_to(folder)), "sound": all(found.values()), **found}))


if __name__ == "__main__":
    main()
