"""Speed of exact search among binary codes, beside FAISS's flat scan.

    python benchmarks/speed/hamming.py [--sizes 100000 1000000]

Codes of 64 bits are signs of random projections of clustered features, so that near neighbours
exist; 800 queries, and one alone, ask for their 10 nearest on one thread. FAISS is timed where it
can be imported (``pip install faiss-cpu``), in the same process and in turn with ours; the least of
several runs counts. One JSON object is printed on standard output.
"""

import argparse
import json
import os
import time

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np

from corporis.learning import nearest_codes, pack

N_QUERIES, N_NEIGHBOURS, N_BITS = 800, 10, 64


def main(arguments=None) -> None:
    """Time every size and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", nargs="+", type=int, default=[100_000, 1_000_000])
    sizes = parser.parse_args(arguments).sizes
    rows = [row for size in sizes for row in measure(size)]
    command = f"python benchmarks/speed/hamming.py --sizes {' '.join(map(str, sizes))}"
    print(json.dumps({"command": command, "rows": rows}, indent=1))


def measure(size: int) -> list[dict]:
    """Ours and FAISS's times at one size, batch and single query."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((2000, 128))
    projection = rng.standard_normal((128, N_BITS))
    codes, queries = (made(n, centres, projection, rng) for n in (size, N_QUERIES))
    programs = {"ours": ours(codes), "faiss": faiss(codes)}
    rows = []
    for what, asked in (("800 queries", queries), ("1 query", queries[:1])):
        times = {name: [] for name, search in programs.items() if search is not None}
        found = {}
        for _ in range(5 if len(asked) > 1 else 20):
            for name in times:
                begun = time.perf_counter()
                found[name] = programs[name](asked)
                times[name].append(time.perf_counter() - begun)
        for name, seconds in times.items():
            same = bool(np.array_equal(found[name], found["ours"]))
            given = {"codes": size, "asked": what, "program": name, "same_distances": same}
            rows.append({**given, "seconds": min(seconds)})
    return rows


def made(n, centres, projection, rng):
    """Packed codes of features around the centres."""
    found = []
    for begin in range(0, n, 100_000):
        count = min(100_000, n - begin)
        features = centres[rng.integers(len(centres), size=count)]
        features = features + 0.35 * rng.standard_normal(features.shape)
        found.append(pack(features @ projection > 0))
    return np.concatenate(found)


def ours(codes):
    """Distances of the nearest by our scan; compiled before it is timed."""
    nearest_codes(codes[:1], codes[:100], N_NEIGHBOURS)
    return lambda queries: nearest_codes(queries, codes, N_NEIGHBOURS)[0]


def faiss(codes):
    """The same by FAISS; None where it is not there."""
    try:
        import faiss as peer
    except ImportError:
        return None
    peer.omp_set_num_threads(1)
    index = peer.IndexBinaryFlat(N_BITS)
    index.add(codes.view("u1").reshape(-1, N_BITS // 8))

    def search(queries):
        return index.search(queries.view("u1").reshape(-1, N_BITS // 8), N_NEIGHBOURS)[0]

    return search


if __name__ == "__main__":
    main()
