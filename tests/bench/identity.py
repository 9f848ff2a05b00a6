"""Who is one person, at a million members: the whole and a day's links, beside networkx and SciPy.

``make bench NAME=identity`` runs it; SIYU_BENCH_SCALE=0.1 a tenth of it.
"""

from __future__ import annotations

from tests.bench.peers.identity import identity_figures

if __name__ == "__main__":
    for name, value, _, unit in identity_figures():
        print(f"{name}: {value:.2f} {unit}", flush=True)
