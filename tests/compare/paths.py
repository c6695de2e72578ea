"""Makes modules of tests/e2e and tests/bench/kafka importable: the wire, drawn requests, how servers are started."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
sys.path += [str(HERE), str(HERE.parent / "e2e"), str(HERE.parent / "bench" / "kafka")]
