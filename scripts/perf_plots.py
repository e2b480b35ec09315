# SPDX-License-Identifier: GPL-2.0
"""perf_plots.py: SVG plots of one run, drawn by gnuplot on the host.  It decides nothing."""
import os
import shutil
import statistics
import subprocess

SIZES = [1, 4, 16, 64, 256]
KINDS = ["QUIC", "QUIC, copy mode", "kTLS", "TCP"]
COLOURS = ["#1b6ca8", "#d1495b", "#66a182", "#8d8d8d"]
STYLE = """set terminal svg noenhanced size 800,480 font 'sans,13' background rgb 'white'
set style fill solid 0.9 noborder
set border 3 lw 0.8
set tics nomirror out
set grid ytics lw 0.5 lc rgb '#dddddd'
"""


def plot(out, name, script, data=""):
    text = f"{STYLE}set output '{os.path.join(out, name)}.svg'\n{data}{script}\n"
    done = subprocess.run(["gnuplot"], input=text, text=True, stderr=subprocess.PIPE, check=False)
    if done.returncode or "warning" in done.stderr:
        raise RuntimeError(f"gnuplot: {done.stderr}")


def median(figures, term):
    try:
        return statistics.median(figures.one(term))
    except LookupError:
        return None


def row_of(kind, size):
    return kind if size == 64 else f"{kind}, {size} KB writes"


def by_size(figures, out):
    """Goodput by write size, a line for each kind"""
    data, draw = "", []
    for i, kind in enumerate(KINDS):
        points = [(s, median(figures, row_of(kind, s))) for s in SIZES]
        points = [(s, v) for s, v in points if v]
        if not points:
            continue
        data += f"$d{i} << EOD\n" + "".join(f"{s} {v}\n" for s, v in points) + "EOD\n"
        draw.append(f"$d{i} using 1:2 with linespoints lw 2 pt 7 ps 0.7 lc rgb '{COLOURS[i]}' title '{kind}'")
    if draw:
        plot(out, "goodput", "set title 'Goodput by write size, MTU 1500 (instructions of both ends)'\n"
             "set logscale xy 2\nset xlabel 'bytes of a write (KB)'\nset ylabel 'Gbit/s, 1 instruction = 1 ns'\n"
             "set key outside right top\nset xrange [0.8:320]\nset xtics (1, 4, 16, 64, 256)\n"
             "set yrange [0.0625:16]\nset ytics (0.125, 0.25, 0.5, 1, 2, 4, 8, 16)\n"
             "plot " + ", ".join(draw), data)


def per_packet(figures, out):
    """Allocations and copies per packet; what is 0 has no bar, and says so"""
    what = [("tx_allocs_per_packet", "slab allocations, transmit"), ("payload_copies_per_packet", "payload copies"),
            ("user_copies_per_byte", "user copies")]
    kinds = [k for k in ("QUIC", "QUIC, copy mode", "QUIC, MSG_ZEROCOPY", "QUIC, sendfile")
             if median(figures, f"counts, {k}:packets")]
    if not kinds:
        return
    floor = 0.001
    data, labels, draw = "$d << EOD\n", "", []
    for g, (field, title) in enumerate(what):
        data += f'"{title}"'
        for i, k in enumerate(kinds):
            v = median(figures, f"counts, {k}:{field}") or 0
            data += f" {max(v, floor)}"
            x = g - 0.4 + 0.8 * (i + 0.5) / len(kinds)
            says = "0" if v < floor else f"{v:.2g}"
            labels += f"set label '{says}' at {x},{max(v, floor) * 1.3} center font ',10'\n"
        data += "\n"
    data += "EOD\n"
    for i, k in enumerate(kinds):
        width = 0.8 / len(kinds)
        draw.append(f"$d using ($0-0.4+{width * (i + 0.5)}):{i + 2}:({width * 0.9}) with boxes "
                    f"lc rgb '{COLOURS[i]}' title '{k}'")
    titles = ", ".join(f"'{t}' {g}" for g, (_, t) in enumerate(what))
    plot(out, "per-packet", "set title 'Per packet of 64 KB writes'\nset logscale y\n"
         f"set yrange [{floor}:100]\nset xrange [-0.6:{len(what) - 0.4}]\nset xtics ({titles})\n"
         "set format y '%g'\nset ylabel 'per packet'\nset key outside right top\n" + labels +
         "plot " + ", ".join(draw), data)


def cpu(figures, out):
    """CPU time per Gbit, user, system and softirq stacked"""
    names = [n for n in ("TCP", "kTLS", "QUIC", "QUIC, copy mode", "QUIC, unencrypted", "QUIC, MTU 9000", "QUIC, sendfile")
             if median(figures, n + ":cpu_s_per_gbit")]
    if not names:
        return
    parts = ("user", "system", "softirq")
    data = "$d << EOD\n" + "".join(
        f'"{n}" ' + " ".join(str(median(figures, f"{n}:{p}_s_per_gbit")) for p in parts) + "\n"
        for n in names) + "EOD\n"
    draw = [f"$d using {i + 2}:xtic(1) lc rgb '{COLOURS[i]}' title '{p}'" for i, p in enumerate(parts)]
    plot(out, "cpu", "set title 'CPU per Gbit of 64 KB writes, both ends'\nset style data histograms\n"
         "set style histogram rowstacked\nset boxwidth 0.6\nset ylabel 'thousand million instructions'\n"
         "set yrange [0:*]\nset xtics rotate by -20\nset key outside right top\nplot " + ", ".join(draw), data)


def draw(figures, out):
    """All plots that the run has figures for"""
    if not shutil.which("gnuplot"):
        print("perf: no gnuplot, no plots (scripts/deps plots)")
        return
    where = os.path.join(out, "plots")
    os.makedirs(where, exist_ok=True)
    by_size(figures, where)
    per_packet(figures, where)
    cpu(figures, where)
