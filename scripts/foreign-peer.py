"""Another language's libp2p against a node: connect, ping, identify, and a protocol that nobody speaks.

    pip install libp2p
    python3 scripts/foreign-peer.py /ip4/127.0.0.1/tcp/9000/p2p/12D3Koo...

Tried with py-libp2p 0.8.1. Exits 0 when all four go as they should.
"""
import sys

import multiaddr
import trio
from libp2p import new_host
from libp2p.host.ping import PingService
from libp2p.identity.identify.identify import ID, parse_identify_response
from libp2p.network.stream.exceptions import StreamEOF
from libp2p.peer.peerinfo import info_from_p2p_addr


async def read_all(stream):
    data = b""
    while True:
        try:
            chunk = await stream.read(4096)
        except StreamEOF:
            return data
        if not chunk:
            return data
        data += chunk


async def is_refused(host, peer, protocol):
    try:
        await host.new_stream(peer, [protocol])
    except Exception as error:  # the library wraps the refusal in errors of several kinds
        print("refused:", type(error).__name__)
        return True
    return False


async def main(address):
    host = new_host(muxer_preference="YAMUX")
    async with host.run(listen_addrs=[multiaddr.Multiaddr("/ip4/127.0.0.1/tcp/0")]):
        node = info_from_p2p_addr(multiaddr.Multiaddr(address))
        await host.connect(node)
        print("ping, microseconds:", await PingService(host).ping(node.peer_id, 3))
        found = parse_identify_response(await read_all(await host.new_stream(node.peer_id, [ID])))
        print("identify:", found.agent_version, *found.protocols)
        assert "/icn/status/1" in found.protocols
        assert await is_refused(host, node.peer_id, "/nobody/1")
        print("ping again:", await PingService(host).ping(node.peer_id, 1))


trio.run(main, sys.argv[1])
