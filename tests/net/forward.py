"""`python forward.py 10.0.0.1:80 10.0.0.2:8080`: forwards a TCP port to another one, as a tunnel does."""

import asyncio
import sys


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def main(listen: str, to: str) -> None:
    host, _, port = to.rpartition(":")

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.close()
            return
        await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))

    own_host, _, own_port = listen.rpartition(":")
    server = await asyncio.start_server(accept, own_host, int(own_port))
    sys.stdout.write(f"forwards {listen} to {to}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
