# SPDX-License-Identifier: GPL-2.0
"""perf_counts.py: reads what the kernel has counted during one transfer (the folders that
scripts/perf_test_zerocopy.sh fills), and makes rows "counts, ROW" of it, per 64 KB send and per
payload byte.  An instrument that is missing, or shows nothing where it must, is a failure."""
import json
import os
import re
import shutil

SEND = 65536
WANT_DATA = 4  # in the argument of tquic_xmit(): the batch may carry stream data
# An allocation belongs to the way of the innermost of these on its stack.  The way out goes down
# through the IP stack; loopback's way in begins, on the same stack, where the UDP socket's
# callback does.
TX = re.compile(r"^(tquic_sendmsg|tquic_output_flush|tquic_xmit|tquic_udp_xmit|tquic_packet_skb|"
                r"tquic_assemble_packet|tquic_sent_\w+|tquic_sendbuf_\w+|tquic_copy_\w+|tquic_zerocopy_\w+|"
                r"tquic_sendpage|tquic_splice\w*|inet_sendmsg|sock_sendmsg|__sock_sendmsg|splice_to_socket)$")
RX = re.compile(r"^(tquic_recvmsg|tquic_input\w*|tquic_rx\w*|tquic_recvbuf_\w+|tquic_data_ready|"
                r"tquic_endpoint\w*|udp_queue_rcv\w*|udp_unicast_rcv_skb|__netif_receive_skb\w*|"
                r"net_rx_action|process_backlog|inet_recvmsg|sock_recvmsg)$")
# records of frames, and in copy mode the copies of their payload
FRAME = re.compile(r"^tquic_sent_|copy")
EVENTS = ("kmalloc", "kmem_cache_alloc")


class Missing(Exception):
    """An instrument that is not there, or whose figures are not whole"""


def text(where, name):
    try:
        with open(os.path.join(where, name), encoding="utf-8", errors="replace") as f:
            return f.read()
    except OSError as e:
        raise Missing(f"no {name}") from e


def hist(where, name):
    """{key: {field: value}} of one hist trigger; a stack is a tuple of functions, innermost first"""
    body, out = text(where, name), {}
    if "Totals:" not in body:
        raise Missing(f"{name} is no histogram")
    dropped = re.search(r"Dropped: (\d+)", body)
    if not dropped or int(dropped[1]):
        raise Missing(f"{name}: entries were dropped")
    for key, rest in re.findall(r"^\{(.*?)\}([^{}]*?)$", body, re.M | re.S):
        if "stacktrace:" in key:
            first, *names = key.split("\n")
            names = [re.sub(r"(\.(constprop|isra|part)\.\d+)*(\+0x.*| \[\w+\]|$)", "", n.strip(), count=1) for n in names]
            # with a number in front where that is part of the key
            key = tuple(re.findall(r"\w+:\s+(\d+),", first) + [n for n in names if n and not n.startswith(",")])
        else:
            key = re.sub(r"^\s*\w+:\s*|\[[0-9a-f]{8,}\]\s*", "", key).strip()
        fields = {k: int(v) for k, v in re.findall(r"(\w+):\s*(\d+)", rest)}
        old = out.setdefault(key, {})
        for k, v in fields.items():
            old[k] = old.get(k, 0) + v
    return out


def hits(table):
    return sum(v.get("hitcount", 0) for v in table.values())


def way(stack):
    for n in stack:
        if TX.match(n):
            return "tx"
        if RX.match(n):
            return "rx"
    return "other"


def snmp(where, name):
    return {k: int(v) for k, v in re.findall(r"^(\w+)\s+(-?\d+)$", text(where, name), re.M)}


def allocations(where):
    """{(way, function that asked): count}, and the count of frame allocations"""
    sites, frames = {}, 0
    for event in EVENTS:
        by_stack, by_site = hist(where, event + ".stacks"), hist(where, event + ".sites")
        if not by_site:
            raise Missing(f"{event} shows nothing")
        for stack, v in by_stack.items():
            n = v["hitcount"]
            ours = next((f for f in stack if f.startswith("tquic_")), "")
            at = next((f for f in stack if not f.startswith(("__kmalloc", "kmalloc", "kmem_cache_alloc",
                                                             "__kmem", "__traceiter", "trace_event"))), "?")
            if way(stack) == "tx" and FRAME.search(at):
                frames += n
            key = (way(stack), event, at, ours)
            sites[key] = sites.get(key, 0) + n
    return sites, frames


def one(where, result):
    """The row of one folder"""
    sites, frames = allocations(where)
    before, after = snmp(where, "snmp.before"), snmp(where, "snmp.after")
    delta = {k: v - before.get(k, 0) for k, v in after.items()}
    xmit, ip = hist(where, "xmit"), hist(where, "ip_out")
    # a module without that function: its figures are missing, and so is the instrument
    copy = hist(where, "copy") if os.path.exists(os.path.join(where, "copy")) else None
    lens, pages = hist(where, "net_dev_queue"), hist(where, "mm_page_alloc")
    tx_pages = sum(v["hitcount"] << int(k[0]) for k, v in pages.items() if way(k[1:]) == "tx")
    user = {m[0]: (int(m[1]), int(m[2])) for m in
            re.findall(r"^(\w+) (\d+) (\d+)$", text(where, "copyprobe"), re.M)}
    for n in ("_copy_from_iter", "_copy_to_iter"):
        if n not in user:
            raise Missing(f"copyprobe has no {n}")
    payload = result["bytes"] - result.get("settled_bytes", 0)
    sends, packets = payload / SEND, delta["TX_PACKETS"] - delta["TX_ACK_ONLY"]
    # of the way out: what the receiver's acknowledgments and credit took, an skb of two allocations each
    acks = sum(v["hitcount"] for k, v in xmit.items() if not int(k) & WANT_DATA)
    skbs = sum(n for (w, _, at, ours), n in sites.items() if w == "tx" and ours == "tquic_packet_skb" and
               at in ("__alloc_skb", "kmalloc_reserve"))
    if abs(skbs - 2 * hits(xmit)) > 0.05 * skbs + 10:
        raise Missing(f"{skbs} allocations of skbs for {hits(xmit)} batches: cannot tell those of the receiver apart")
    total = {w: sum(n for (k, *_), n in sites.items() if k == w) for w in ("tx", "rx", "other")}
    # a batch that carries data is larger than one that acknowledges: buckets are powers of two
    big = sum(v["hitcount"] for k, v in lens.items() if int(re.search(r"\d+$", k)[0]) >= 9)
    row = {
        "bytes": payload, "sends": sends, "packets": packets, "acks": delta["TX_ACK_ONLY"],
        "verified": result.get("verified"),
        "tx_allocs": total["tx"] - 2 * acks, "ack_allocs": 2 * acks, "rx_allocs": total["rx"], "other_allocs": total["other"],
        "tx_allocs_per_send": (total["tx"] - 2 * acks) / sends, "ack_allocs_per_send": 2 * acks / sends,
        "rx_allocs_per_send": total["rx"] / sends,
        "tx_allocs_per_packet": (total["tx"] - 2 * acks) / packets,
        "frame_allocs": frames, "frame_allocs_per_send": frames / sends,
        "tx_pages_per_send": tx_pages / sends,
        "user_copies": user["_copy_from_iter"][0], "user_copied_bytes": user["_copy_from_iter"][1],
        "user_copies_per_byte": user["_copy_from_iter"][1] / payload,
        "rx_user_copies_per_byte": user["_copy_to_iter"][1] / payload,
        "xmit_calls": hits(xmit), "ip_all_per_send": hits(ip) / sends, "ip_data_per_send": big / sends,
        "alloc_events": hits(hist(where, "kmalloc.sites")) + hits(hist(where, "kmem_cache_alloc.sites")),
        "seen": {"kmalloc": hits(hist(where, "kmalloc.sites")), "xmit": hits(xmit), "copy": hits(copy or {}),
                 "kmem_cache_alloc": hits(hist(where, "kmem_cache_alloc.sites")), "ip_out": hits(ip),
                 "net_dev_queue": hits(lens), "mm_page_alloc": hits(pages), "frames": frames,
                 "_copy_from_iter": user["_copy_from_iter"][0], "_copy_to_iter": user["_copy_to_iter"][0]},
    }
    if copy is not None:
        copied = sum(v.get("len", 0) for v in copy.values())
        row.update(payload_copies=hits(copy), payload_copied_bytes=copied,
                   payload_copies_per_byte=copied / payload, payload_copies_per_packet=hits(copy) / packets)
    row.update({"zerocopy_" + k[9:]: v for k, v in result.items() if k.startswith("zerocopy_")})
    row.update(perf_stat(where, row))
    return row, sites


def perf_stat(where, row):
    """The same events as perf counted them, where there is perf"""
    if not os.path.exists(os.path.join(where, "perf.csv")):
        return {}
    got = {}
    for line in text(where, "perf.csv").splitlines():
        parts = line.split(",")
        if len(parts) > 2 and ":" in parts[2]:
            if not parts[0].isdigit():
                raise Missing(f"perf: {parts[2]} {parts[0]}")
            got[parts[2]] = int(parts[0])
    if not got:
        raise Missing("perf.csv has no event")
    for event, n, slack in (("kmem:kmalloc", row["seen"]["kmalloc"], 0.05 * row["seen"]["kmalloc"] + 1000),
                            ("kmem:kmem_cache_alloc", row["seen"]["kmem_cache_alloc"],
                             0.05 * row["seen"]["kmem_cache_alloc"] + 1000),
                            ("net:net_dev_queue", row["seen"]["net_dev_queue"], 2),
                            ("tq:xmit", row["seen"]["xmit"], 2)):
        if event not in got or abs(got[event] - n) > slack:
            raise Missing(f"perf counts {got.get(event)} {event}, the kernel's histogram {n}")
    return {"perf": got}


def lines_of(name, row, sites):
    out = [f"## {name}: {row['bytes'] >> 20} MB, {row['packets']} packets, content checked: {row['verified']}", "",
           "| per 64 KB send | | per packet | |", "|---|---|---|---|"]
    for what, per_send, per_packet in (
            ("slab allocations, transmit", row["tx_allocs_per_send"], row["tx_allocs_per_packet"]),
            ("slab allocations for the receiver's acknowledgments", row["ack_allocs_per_send"],
             row["ack_allocs"] / row["packets"]),
            ("slab allocations, receive", row["rx_allocs_per_send"], row["rx_allocs"] / row["packets"]),
            ("of frames", row["frame_allocs_per_send"], row["frame_allocs"] / row["packets"]),
            ("pages of 4 KB, transmit", row["tx_pages_per_send"],
             row["tx_pages_per_send"] * row["sends"] / row["packets"]),
            ("payload copies", row.get("payload_copies", 0) / row["sends"], row.get("payload_copies_per_packet", 0)),
            ("IP stack traversals, data", row["ip_data_per_send"],
             row["ip_data_per_send"] * row["sends"] / row["packets"]),
            ("IP stack traversals, all", row["ip_all_per_send"],
             row["ip_all_per_send"] * row["sends"] / row["packets"])):
        out.append(f"| {what} | {per_send:.3f} | | {per_packet:.4f} |")
    out += ["", f"Copied per payload byte: {row.get('payload_copies_per_byte', 'not counted')} of payload, "
            f"{row['user_copies_per_byte']:.4f} from the user, {row['rx_user_copies_per_byte']:.4f} to the user.", "",
            "By call site (of others, on neither way, those of at least 1):", "",
            "| way | event | asked by | for | per 64 KB send |", "|---|---|---|---|---|"]
    for (w, event, at, ours), n in sorted(sites.items(), key=lambda x: -x[1]):
        if n / row["sends"] >= (1 if w == "other" else 0.01):
            out.append(f"| {w} | {event} | {at} | {ours} | {n / row['sends']:.3f} |")
    return out + [""]


def add(figures, share, out):
    """Rows of all folders below share/counts; the text for summary.md"""
    base, lines = os.path.join(share, "counts"), []
    if not os.path.isdir(base):
        return lines
    shutil.copytree(base, os.path.join(out, "counts"), dirs_exist_ok=True)
    proven = {}
    for folder in sorted(os.listdir(base)):
        where = os.path.join(base, folder)
        name = text(where, "name").strip()
        try:
            result = json.loads(text(where, "result"))
            if "failed" in result:
                raise Missing(result["failed"])
            row, sites = one(where, result)
        except (Missing, KeyError, ValueError) as e:
            figures.rows["counts, " + name] = [{"failed": str(e) or repr(e)}]
            continue
        for k, v in row["seen"].items():
            proven[k] = max(proven.get(k, 0), v) if "copy mode" in name else proven.get(k, 0)
        figures.rows["counts, " + name] = [row]
        lines += lines_of(name, row, sites)
        print("\n".join(lines_of(name, row, sites)))
    # a zero counts only where the same instrument has shown something in the same run
    blind = sorted(k for k, v in proven.items() if not v) if proven else ["all: no copy mode"]
    figures.rows["counts, instruments"] = [{"failed": "not seen at work on copy mode: " + ", ".join(blind)}] \
        if blind else [{"proven": len(proven)}]
    return lines
