"""A TCP proxy in a thread of its own that cuts connections in the middle of whatever they carry."""

import asyncio
import random
import threading


class ChaosProxy:
    """Listens on a free port, forwards to `node`; between `start_cutting` and `stop_cutting` every connection is cut
    after a random number of bytes of either direction. `node` must advertise the address of the proxy."""

    def __init__(self, seed: int, fewest: int = 1, most: int = 4000):
        self.random = random.Random(seed)
        self.fewest, self.most = fewest, most
        self.cuts = 0
        self.cutting = False
        self.target_port = None
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self.thread.start()
        assert ready.wait(10)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        assert not self.thread.is_alive()

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self._connection, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self.loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0.05))
        self.loop.close()

    async def _connection(self, reader, writer) -> None:
        try:
            to_node = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            writer.transport.abort()
            return
        ends = [writer, to_node[1]]
        left = [self.random.randint(self.fewest, self.most)]  # bytes until the cut, of both directions together
        await asyncio.gather(self._forward(reader, to_node[1], left, ends), self._forward(to_node[0], writer, left, ends),
                             return_exceptions=True)
        for end in ends:
            end.close()

    async def _forward(self, source, sink, left, ends) -> None:
        while data := await source.read(65536):
            if self.cutting:
                if len(data) >= left[0]:
                    sink.write(data[:left[0]])  # the first bytes of a frame, and then no more
                    self.cuts += 1
                    for end in ends:
                        self._cut(end)
                    return
                left[0] -= len(data)
            sink.write(data)
            await sink.drain()
        sink.write_eof()

    def _cut(self, end) -> None:
        """Half of the cuts are a reset, half a clean end after what was written."""
        end.transport.abort() if self.random.random() < 0.5 else end.close()
