"""
Sends VRRPv3 adverts of the highest priority, from any source address. stdin: JSON {router, addresses (the VIPs),
sources, targets, count}. Tells how many were sent.
"""

import json
import socket
import struct
import sys
import time

VRRP = 112
INTERVAL = 0.1  # s


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(source, target, router, addresses):
    src, dst = socket.inet_aton(source), socket.inet_aton(target)
    vips = b"".join(map(socket.inet_aton, addresses))
    # Version 3, advert; priority 255; interval in hundredths of a second.
    advert = lambda check: struct.pack("!BBBBHH", 0x31, router, 255, len(addresses), 30, check) + vips
    length = len(advert(0))
    pseudo = src + dst + struct.pack("!BBH", 0, VRRP, length)
    body = advert(checksum(pseudo + advert(0)))
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0xC0, 20 + length, 0, 0, 255, VRRP, 0, src, dst) + body


order = json.load(sys.stdin)
sent = 0
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as out:
    for _ in range(order["count"]):
        for source in order["sources"]:
            for target in order["targets"]:
                if source != target:
                    out.sendto(packet(source, target, order["router"], order["addresses"]), (target, 0))
                    sent += 1
        time.sleep(INTERVAL)
print(sent)
