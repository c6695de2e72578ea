"""
`tidegate soak` on a real SeaweedFS: what its kill command does, and the gateway too, costs no group a record.
The campaign: TIDEGATE_SOAK_CYCLES=30, whose lines are shown with -s.
"""

import itertools
import os
import socketserver
import subprocess
import threading

import pytest

CYCLES = int(os.environ.get("TIDEGATE_SOAK_CYCLES", "3"))  # each role once
ROLES = ("broker", "filer", "volume")


@pytest.fixture
def killer(cluster):
    """The kill command: each call takes the next role by kill -9 and brings it back. And what it has taken."""
    taken = []
    roles = itertools.cycle(ROLES)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            role = next(roles)
            cluster.restart(role)
            cluster.wait_until_stored()
            taken.append(role)
            self.wfile.write(b"done\n")

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        script = f'exec 3<>/dev/tcp/127.0.0.1/{server.server_address[1]}; read -r answer <&3; [ "$answer" = done ]'
        yield f"bash -c '{script}'", taken
        server.shutdown()
        thread.join()


def test_groups_resume_while_everything_is_killed_in_turn(cluster, killer, binary, tmp_path):
    command, taken = killer
    small = () if CYCLES > 3 else ("--groups", "20", "--more", "2000")
    words = ["--cycles", str(CYCLES), *small, "--engine", "seaweedmq", "--masters", cluster.masters, "--kill", command]
    soak = subprocess.Popen([binary, "soak", *words], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    try:
        lines = []
        for line in soak.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    finally:
        soak.kill()
        soak.wait()
    log = "\n".join(p.read_text(errors="replace")[-3000:] for p in tmp_path.glob("*.log"))
    assert lines[-1].startswith("verdict=passed"), "".join(lines[-10:]) + log
    assert taken == list(itertools.islice(itertools.cycle(ROLES), CYCLES))
