"""Tries TCP connections to [address, port] pairs, a JSON list on stdin; tells "open", "refused" or "silent" of each."""

import asyncio
import json
import sys

PATIENCE = 3  # s


async def attempt(address, port):
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), PATIENCE)
        writer.close()
        return "open"
    except ConnectionResetError:
        return "open"  # The service took it, and then did not want us.
    except ConnectionRefusedError:
        return "refused"
    except (asyncio.TimeoutError, OSError):
        return "silent"


async def main():
    return await asyncio.gather(*(attempt(*target) for target in json.load(sys.stdin)))


print(json.dumps(asyncio.run(main())))
