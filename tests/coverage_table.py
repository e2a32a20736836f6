"""The table of tests/coverage: llvm-cov's summary of each file, added up by folder."""
import collections
import json
import os
import sys

MEASURED = ("sim/", "kernels/", "reports/")


def share(counts):
    return 100 * counts["covered"] / counts["count"] if counts["count"] else 100.0


def line(name, summary):
    lines, branches = summary["lines"], summary["branches"]
    return (f"{name:<44} {lines['covered']:>6} of {lines['count']:>6} {share(lines):>6.1f} %"
            f" {branches['covered']:>6} of {branches['count']:>6} {share(branches):>6.1f} %")


def main():
    floor = float(sys.argv[1])
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + "/"
    folders = collections.defaultdict(
        lambda: {what: {"count": 0, "covered": 0} for what in ("lines", "branches")})
    low = []
    for entry in json.load(sys.stdin)["data"][0]["files"]:
        name = os.path.realpath(entry["filename"]).removeprefix(root)
        if not name.startswith(MEASURED):
            continue
        if share(entry["summary"]["lines"]) < floor:
            low.append((share(entry["summary"]["lines"]), name, entry["summary"]))
        for folder in (os.path.dirname(name), "all"):
            for what in ("lines", "branches"):
                for which in ("count", "covered"):
                    folders[folder][what][which] += entry["summary"][what][which]
    print(f"{'':<44} {'lines run':>25} {'branches taken':>25}")
    for name in sorted(folders, key=lambda folder: (folder == "all", folder)):
        print(line(name, folders[name]))
    print(f"\nFiles with less than {floor:g} % of their lines run")
    for _, name, summary in sorted(low, key=lambda entry: entry[:2]):
        print(line(name, summary))


main()
