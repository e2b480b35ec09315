#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""perf.py: judges what the guest has measured.  Reads lines "row<TAB>JSON", holds them against
bench/thresholds.json, prints one table, and writes summary.json, summary.md, iperf3-shaped
JSON and plots.  It measures nothing.

    perf.py FORM FIGURES OUT [--record | --gate]     FORM: bench, quick or full

A figure is "ROW", "ROW:FIELD", or a ratio of two of them, " / " between; ratios are taken
round by round.  Exits with 1 when a target is missed, a row failed, or a figure is more than
the tolerance worse than the recorded one.  --record records this run's, but for those that
vary by more than the tolerance; with --gate only what is worse than recorded fails.
"""
import json
import os
import re
import statistics
import sys

import perf_counts
import perf_plots

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
THRESHOLDS = os.path.join(TOP, "bench", "thresholds.json")
# what a row is known by, when nothing else is said: the first of these that it has
FIELDS = {"gbps": "Gbit/s", "p50_us": "us", "p50_ms": "ms", "held": "B/B", "kernel_bytes_per_end": "B"}


def per_gbit(r):
    """CPU time: the scheduler's clock says how much, the tick's samples say in what shares"""
    ticks = sum(r.get(k, 0) for k in ("user_s", "system_s", "softirq_s"))
    if r.get("busy_s") and r.get("bytes"):
        r["cpu_s_per_gbit"] = r["busy_s"] / (r["bytes"] * 8 / 1e9)
        for k in ("user", "system", "softirq"):
            r[k + "_s_per_gbit"] = r["cpu_s_per_gbit"] * (r[k + "_s"] / ticks if ticks else 0)
    return r


class Figures:
    """All rows of a run: lists of what each run of the row said"""

    def __init__(self, path):
        self.rows, self.complete = {}, False
        with open(path, encoding="utf-8") as f:
            for line in f:
                name, _, text = line.rstrip("\n").partition("\t")
                if name == "end":
                    self.complete = True
                    continue
                self.rows.setdefault(name, []).append(per_gbit(json.loads(text)))

    def failed(self, name):
        """Why a row has no figures, or None"""
        return next((r["failed"] for r in self.rows.get(name, []) if "failed" in r), None)

    def one(self, term):
        """Values of "ROW" or "ROW:FIELD"; raises LookupError with the reason"""
        name, _, field = term.partition(":")
        if name not in self.rows:
            raise KeyError(name)
        why = self.failed(name)
        if why:
            raise LookupError(f"{name}: {why}")
        field = field or next((k for k in FIELDS if k in self.rows[name][0]), "?")
        if not all(field in r for r in self.rows[name]):
            raise LookupError(f"{name}: no field {field}")
        return [float(r[field]) for r in self.rows[name]]

    def values(self, figure):
        """Values of a figure; ratios are of the same round"""
        terms = figure.split(" / ")
        got = [self.one(t) for t in terms]
        if len(got) == 1:
            return got[0]
        if any(b == 0 for b in got[1]):
            raise LookupError(f"{terms[1]} is 0")
        return [a / b for a, b in zip(*got)]


def meets(value, bound):
    """As precisely as it is shown: a flow's first packet in a hundred thousand does not decide"""
    op, limit = bound.split()
    limit, value = float(limit), float(f"{value:.3g}")
    return {">=": value >= limit, ">": value > limit, "<=": value <= limit, "<": value < limit}[op]


def nearly(line, tolerance):
    """What varies from run to run has no recorded figure: it may miss its target by a little"""
    limit = float(line["must"].split()[1])
    return line.get("varies") and abs(line["value"] - limit) <= tolerance * abs(limit)


def record_key(figures, form):
    """Recorded figures are those of a form and a kernel; by the clock nothing can be compared"""
    about = figures.rows.get("about", [{}])[0]
    series = ".".join(about.get("kernel", "?").split(".")[:2])
    return f"{form}, Linux {series}" if about.get("mode", "").startswith("determ") else None


def judge(figures, spec, form):
    """One line for each target that this form measures"""
    recorded = spec["recorded"].get(record_key(figures, form), {})
    for target in spec["targets"]:
        line = dict(target, verdict="ok", value=None, recorded=recorded.get(target["figure"]))
        try:
            values = figures.values(target["figure"])
        except KeyError:
            continue
        except LookupError as why:
            yield dict(line, verdict="FAILED", why=str(why).strip('"\''))
            continue
        line.update(min=min(values), max=max(values), n=len(values))
        value = line["value"] = max(values) if target.get("of") == "max" else statistics.median(values)
        higher = (target.get("must") or target["better"])[0] == ">"
        was = line["recorded"]
        if target.get("must") and not meets(value, target["must"]):
            line["verdict"] = "MISSED"
        if was is not None:
            worse = was - value if higher else value - was
            if worse > spec["tolerance"] * abs(was) + 1e-9:
                line["verdict"] = "WORSE" if line["verdict"] == "ok" else "MISSED, WORSE"
        line["goal_met"] = bool(target.get("goal")) and meets(value, target["goal"])
        yield line


def short(x):
    if x is None:
        return ""
    return f"{x:.0f}" if abs(x) >= 10000 else f"{x:.4g}"


def spread(line):
    return f"{short(line['min'])} to {short(line['max'])}" if line.get("n", 1) > 1 else ""


def row_table(figures):
    """name, value, unit, min to max of all rows"""
    for name in figures.rows:
        why = figures.failed(name)
        if why:
            yield name, "failed", "", why
            continue
        field = next((k for k in FIELDS if k in figures.rows[name][0]), None)
        if not field:
            continue
        v = figures.one(name)
        yield name, short(statistics.median(v)), FIELDS[field], \
            f"{short(min(v))} to {short(max(v))}" if len(v) > 1 else ""


def markdown(rows, lines, head, counts):
    out = [f"# {head}", "", "Medians; ratios are of the same round.", "",
           "| target | figure | min to max | must | goal | recorded | |", "|---|---|---|---|---|---|---|"]
    for t in lines:
        out.append("| " + " | ".join([t["name"], short(t["value"]) or t.get("why", ""), spread(t), t.get("must", ""),
                                      t.get("goal", "") + (" met" if t.get("goal_met") else ""),
                                      short(t["recorded"]), t["verdict"]]) + " |")
    out += ["", "| row | median | | min to max |", "|---|---|---|---|"]
    out += ["| " + " | ".join(r) + " |" for r in rows]
    return "\n".join(out + [""] + counts) + "\n"


def table(rows, lines, head):
    print(f"\n{head}\n")
    for name, value, unit, note in rows:
        print(f"{name:42} {value:>9} {unit:7} {note}")
    print(f"\n{'target':58} {'figure':>9} {'must':>9} {'goal':>9} {'recorded':>9}")
    for t in lines:
        print(f"{t['name']:58} {short(t['value']):>9} {t.get('must', ''):>9} {t.get('goal', ''):>9} "
              f"{short(t['recorded']):>9} {t['verdict']} {spread(t)}{t.get('why', '')}")


def iperf3(figures, out):
    """What a reader of iperf3's JSON looks for, for each bulk row"""
    where = os.path.join(out, "iperf3")
    os.makedirs(where, exist_ok=True)
    for name, runs in figures.rows.items():
        for n, r in enumerate(runs, 1):
            if "gbps" not in r or "bytes" not in r:
                continue
            total = {"start": 0, "end": r["seconds"], "seconds": r["seconds"], "bytes": r["bytes"],
                     "bits_per_second": r["bytes"] * 8 / r["seconds"]}
            doc = {"title": name,
                   "start": {"test_start": {"num_streams": r.get("streams", 1), "blksize": r.get("size", 0)}},
                   "end": {"sum_sent": dict(total, sender=True, retransmits=r.get("packets_retrans", 0)),
                           "sum_received": dict(total, sender=False)}}
            slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
            with open(os.path.join(where, f"{slug}.{n}.json"), "w", encoding="utf-8") as f:
                json.dump(doc, f, indent=1)


def record(spec, key, lines):
    """Into thresholds.json, one line for each target and figure as it was"""
    new = {t["figure"]: float(f"{t['value']:.4g}") for t in lines
           if t["value"] is not None and not t.get("varies")}
    spec["recorded"].setdefault(key, {}).update(new)
    targets = ",\n".join("  " + json.dumps(t) for t in spec["targets"])
    runs = ",\n".join(f"  {json.dumps(k)}: {{\n" + ",\n".join(
        f"   {json.dumps(f)}: {json.dumps(v)}" for f, v in run.items()) + "\n  }"
        for k, run in spec["recorded"].items())
    with open(THRESHOLDS, "w", encoding="utf-8") as f:
        f.write(f'{{\n "tolerance": {spec["tolerance"]},\n "targets": [\n{targets}\n ],\n'
                f' "recorded": {{\n{runs}\n }}\n}}\n')


def main():
    form, path, out = sys.argv[1:4]
    with open(THRESHOLDS, encoding="utf-8") as f:
        spec = json.load(f)
    if not os.path.exists(path):
        print("perf: the guest has measured nothing")
        return 1
    figures = Figures(path)
    counts = perf_counts.add(figures, os.path.dirname(path), out)
    lines, rows = list(judge(figures, spec, form)), list(row_table(figures))
    kernel = figures.rows.get("about", [{}])[0].get("kernel", "")
    head = f"Linux {kernel}, {form} form, {figures.rows.get('about', [{}])[0].get('mode', '')}"
    table(rows, lines, head)
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, "summary.json"), "w", encoding="utf-8") as f:
        json.dump({"about": head, "targets": lines, "rows": figures.rows}, f, indent=1)
    with open(os.path.join(out, "summary.md"), "w", encoding="utf-8") as f:
        f.write(markdown(rows, lines, head, counts))
    iperf3(figures, out)
    if form != "bench":
        perf_plots.draw(figures, out)
    if "--record" in sys.argv and record_key(figures, form):
        record(spec, record_key(figures, form), lines)
    if "--gate" in sys.argv:
        for t in lines:
            if t["verdict"] == "MISSED" and (t["recorded"] is not None or nearly(t, spec["tolerance"])):
                print(f"missed, but by less than {spec['tolerance']:.0%} of what was recorded, or must be: {t['name']}")
                t["verdict"] = "ok"
    bad = [t for t in lines if t["verdict"] != "ok"]
    names = {n for n in figures.rows if figures.failed(n)}
    loose = [n for n in names if not any(n in t.get("why", "") for t in bad)]
    if not figures.complete:
        print("perf: the guest did not come to the end of its rows")
    failed = len(bad) + len(loose) + (not figures.complete)
    print(f"{len(lines) - len(bad)} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
