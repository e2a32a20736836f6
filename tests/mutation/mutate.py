#!/usr/bin/env python3
"""Does a test fail for every change of a rule that figures depend on?

    tests/mutation/mutate.py                    every file of FILES
    tests/mutation/mutate.py sim/cost/predict.cc
    tests/mutation/mutate.py --share 20         every twentieth mutant, for a quick look
    tests/mutation/mutate.py --afresh           forget what was found before

All mutants of a file are compiled into one object: each function holds its own body once for every
change of it, and an environment variable says which of them runs. So a file costs one compilation
and a few links, and a mutant what the tests that kill it take. It happens in a copy of the tree,
build/mutation; the checkout is only read.

What was killed is remembered there, by the text of the change, and not tried again; what survived is.
A survivor is either a test that is missing, or a change that changes nothing: those are in
equivalent.txt, each with its reason. The status is 1 while there are others.
"""

import argparse
import json
import os
import re
import resource
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from changes import Changer, enumerators  # noqa: E402
from cpp_functions import Function, declarations_of, tokens_of  # noqa: E402

PROJECT = Path(__file__).resolve().parents[2]
FILES = ["sim/cost/driver.cc", "sim/cost/price.cc", "sim/cost/op_cost.cc", "sim/cost/predict.cc",
         "sim/cost/roofline.cc", "sim/cost/cost_curve.cc", "sim/cost/exchange_price.cc",
         "sim/graph/lower.cc",
         "sim/graph/lower_attention.cc", "sim/graph/lower_feed_forward.cc",
         "sim/graph/lower_streams.cc", "sim/graph/lower_sublayer.cc",
         "sim/study/fit.cc", "sim/study/crossovers.cc", "sim/study/sweep.cc", "sim/study/explain.cc",
         "sim/cli/ranges.cc", "sim/huggingface/hf_outer.cc", "sim/huggingface/hf_layers.cc",
         "sim/huggingface/hf_gemma3n_type.cc", "sim/huggingface/hf_mixture.cc",
         "sim/huggingface/hf_rotary_scaling.cc", "sim/formats/gguf_mixture.cc",
         "reports/document/format.cc", "reports/render/csv.cc",
         "kernels/weight_files/safetensors_header.cc", "kernels/weights/checkpoint.cc"]
# What can kill a mutant of a layer, a program and which of its tests; the fastest is tried first. The
# cost rules have no part in the golden vectors; lowering has, for its numbers are checked there and
# not its counts alone. Large programs are in two parts: what kills most, and the rest.
RANDOM, GOLDEN = "RandomSpecs.AreCountedAsPredicted", "Vectors/*"
BOOKS = [("agreement_test", RANDOM),
         ("agreement_test", f"-{RANDOM}:RandomSpecs.HaveEveryOptionBothWays")]
TESTS = {"sim/cost/": [("kernels_test", "*"), ("cost_test", "*"), ("study_test", "*"), *BOOKS],
         "sim/graph/": [("graph_test", "*"), ("kernels_test", "*"), ("cost_test", "*"), *BOOKS,
                        ("golden_test", GOLDEN), ("golden_test", f"-{GOLDEN}")],
         "sim/study/": [("study_test", "*"), ("studies_test", "*")],
         "sim/cli/": [("cli_test", "ARange*:AList*"), ("cli_test", "*")],
         "sim/huggingface/": [("spec_test", "*"), ("imports_test", "*")],
         "sim/formats/": [("formats_test", "*"), ("cost_test", "*")],
         "reports/": [("reports_test", "*"), ("say_test", "*")],
         "kernels/": [("weights_test", "*"), ("hostile_test", "*"),
                      ("golden_test", f"-{GOLDEN}"), ("golden_test", GOLDEN)]}
MEMORY_LIMIT = 4 << 30
# Of the clock, where a mutant waits for ever; what it may compute is limited by processor time, which
# a busy machine does not change.
LONGEST_WAIT = 1200
VARIABLE = "LLMARCH_MUTANT"


@dataclass
class Mutant:
    file: str
    signature: str
    kind: str
    before: str
    after: str
    number: int = 0

    def key(self):
        return " | ".join((self.file, self.signature, self.before, self.after))

    def __str__(self):
        return (f"{self.file}: {self.signature}  ({self.kind})\n"
                f"  - {self.before}\n  + {self.after}")


def folder_of(file):
    """The folder whose CMakeLists.txt has the file: properties of a source hold in it alone."""
    return "sim/cli/" if file.startswith("sim/cli/") else file.split("/")[0] + "/"


def tests_of(files):
    """What can kill a mutant of these files."""
    return sorted({tests for layer, all_tests in TESTS.items() for tests in all_tests
                   if any(file.startswith(layer) for file in files)})


def whole_lines(text, change):
    """The lines that a change touches, as they were and as they become, each on one line."""
    begin = text.rfind("\n", 0, change.start) + 1
    end = text.find("\n", change.end)
    after = text[begin : change.start] + change.text + text[change.end : end]
    return " ".join(text[begin:end].split()), " ".join(after.split())


class Source:
    """A file with all its mutants, and the text that holds them."""

    def __init__(self, name, text, following):
        self.name = name
        self.text = text
        self.tokens = tokens_of(text)
        self.changer = Changer(text, self.tokens, following)
        self.mutants = []  # (mutant, change, declaration)
        seen = set()
        for declaration in declarations_of(text, self.tokens):
            for change in self.changer.changes(declaration.first, declaration.last):
                if not isinstance(declaration, Function) and change.kind not in ("number", "enumerator"):
                    continue
                before, after = whole_lines(text, change)
                mutant = Mutant(name, declaration.signature, change.kind, before, after)
                if mutant.key() in seen:  # the same line twice in a function
                    mutant.after += "  (again)"
                    if mutant.key() in seen:
                        continue
                seen.add(mutant.key())
                mutant.number = len(self.mutants) + 1
                self.mutants.append((mutant, change, declaration))

    def written(self, dropped):
        """The source with every mutant that is not dropped; and which lines are whose."""
        out = [f'#include <cstdlib>\n'
               f'static const int llmarch_mutant = [] {{ const char* text = '
               f'std::getenv("{VARIABLE}"); return text ? std::atoi(text) : 0; }}();\n']
        lines = {}
        at = 0
        by_declaration = {}
        for mutant, change, declaration in self.mutants:
            if mutant.number not in dropped:
                by_declaration.setdefault(declaration, []).append((mutant, change))
        for declaration, mutants in sorted(by_declaration.items(), key=lambda item: item[0].first):
            begin = self.tokens[declaration.first].start
            end = self.tokens[declaration.last - 1].end
            if isinstance(declaration, Function):
                out.append(self.text[at:begin])
                self.write_bodies(out, lines, begin, end, declaration, mutants)
            else:
                start = self.text.rfind("constexpr", at, begin)
                out.append(self.text[at:start] + "static const" + self.text[start + 9 : begin])
                self.write_values(out, lines, begin, end, mutants)
            at = end
        out.append(self.text[at:])
        return "".join(out), lines

    def write_bodies(self, out, lines, begin, end, declaration, mutants):
        leave = "" if declaration.returns_value else " return;"
        for mutant, change in mutants:
            body = self.text[begin : change.start] + change.text + self.text[change.end : end]
            first = sum(part.count("\n") for part in out) + 2
            out.append(f"\nif (llmarch_mutant == {mutant.number}) {{\n{body}\n{leave} }}\n")
            for line in range(first, first + body.count("\n") + 3):
                lines[line] = mutant.number
        out.append("\n" + self.text[begin:end])

    def write_values(self, out, lines, begin, end, mutants):
        by_place = {}
        for mutant, change in mutants:
            by_place.setdefault((change.start, change.end), []).append((mutant, change))
        at = begin
        for (start, stop), here in sorted(by_place.items()):
            out.append(self.text[at:start] + "(")
            for mutant, change in here:
                # A name among values is written with its enumeration.
                scope = re.search(r"(\w+::)$", self.text[:start])
                out.append(f"\nllmarch_mutant == {mutant.number} ? "
                           f"{scope.group(1) if scope and out[-1] != '(' else ''}{change.text} : ")
                lines[sum(part.count("\n") for part in out) + 1] = mutant.number
            out.append(self.text[start:stop] + ")")
            at = stop
        out.append(self.text[at:end])


class Workshop:
    """The copy of the tree that is built, as a release is; only the mutants with other options."""

    def __init__(self, place, tests):
        self.tree = place / "tree"
        self.build = place / "tree" / "build"
        self.programs = sorted({program for program, _ in tests})

    def prepare(self):
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, check=True,
                                stdout=subprocess.PIPE).stdout.decode().split("\0")
        for name in filter(None, listed):
            if (PROJECT / name).is_file():
                self.write(name, self.original(name))
        if not (self.build / "build.ninja").exists():
            subprocess.run(["cmake", "--preset", "release"], cwd=self.tree, check=True,
                           stdout=subprocess.DEVNULL)
        messages = self.make()
        if messages:
            sys.exit(messages[-4000:])

    # A mutant divides by nothing and leaves names unused: no warning is wanted, and every error. A
    # format is checked when it runs, since a complaint at compilation is placed in a library's header.
    def original(self, name):
        content = (PROJECT / name).read_bytes()
        folder = name.removesuffix("CMakeLists.txt")
        files = " ".join(file.removeprefix(folder) for file in FILES if folder_of(file) == folder)
        if not name.endswith("CMakeLists.txt") or not files:
            return content
        return content + (f"set_source_files_properties({files} PROPERTIES COMPILE_OPTIONS "
                          f'"-w;-O1;-DFMT_CONSTEVAL=;-fmax-errors=0;-fdiagnostics-color=never")\n').encode()

    def write(self, name, content):
        path = self.tree / name
        if path.exists() and path.read_bytes() == content:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def make(self):
        """The messages of what cannot be built; empty where all is."""
        done = subprocess.run(["ninja", "-C", self.build, *self.programs], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return "" if done.returncode == 0 else done.stdout

    def complaints(self, name, text):
        """What the compiler says of this text in the place of that file; empty where it is content."""
        commands = json.loads((self.build / "compile_commands.json").read_text())
        command = next(each["command"] for each in commands if each["file"].endswith("/" + name))
        words = shlex.split(command)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, Path(name).name)
            path.write_text(text)
            words[words.index("-o") :] = ["-fsyntax-only", str(path)]
            done = subprocess.run(words, cwd=self.build, text=True, stderr=subprocess.PIPE)
        return "" if done.returncode == 0 else done.stderr

    def run(self, tests, number, seconds):
        """The first test that fails, or how the program ended; None where all pass."""
        program, chosen = tests
        environment = dict(os.environ, GTEST_FAIL_FAST="1", RC_PARAMS="seed=6")
        if number:
            environment[VARIABLE] = str(number)
        limits = [f"--as={MEMORY_LIMIT}", f"--cpu={seconds}", "--core=0"]
        try:
            done = subprocess.run(
                ["prlimit", *limits, self.build / program, "--gtest_brief=1",
                 f"--gtest_filter={chosen}"],
                env=environment, timeout=LONGEST_WAIT, text=True, errors="replace",
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except subprocess.TimeoutExpired:
            return "waits too long"
        if done.returncode == 0:
            return None
        if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
            return "takes too long"
        failed = re.search(r"\[  FAILED  \] ([\w./]+)", done.stdout)
        return failed.group(1) if failed else f"ends with {done.returncode}"


def sort_out(workshop, source, pool):
    """Drops what does not compile; leaves the object of all others.

    What fails in one function may bring the compiler to find fault with others: a template with who
    calls it, a function with the constants that it uses. So each is first tried without mutants of
    the others, and only then are all compiled together.
    """
    numbers = {}
    for mutant, _, declaration in source.mutants:
        numbers.setdefault(declaration, set()).add(mutant.number)
    everything = set().union(*numbers.values())

    def dropped_of(own):
        dropped = set()
        while True:
            text, lines = source.written(everything - own | dropped)
            bad = blamed(source, lines, workshop.complaints(source.name, text))
            if not bad:
                return dropped
            dropped |= bad

    dropped = set().union(*pool.map(dropped_of, numbers.values()))
    text, lines = source.written(dropped)
    workshop.write(source.name, text.encode())
    messages = workshop.make()
    if messages:
        sys.exit(f"{source.name} does not compile with its mutants:\n{messages[:3000]}")
    return dropped


def blamed(source, lines, messages):
    """The mutants that the compiler complains of; messages without any end the program."""
    name = re.escape(source.name.split("/")[-1])
    places = [int(line) for line in re.findall(name + r":(\d+):\d+: error", messages)]
    bad = {lines[line] for line in places if line in lines}
    if not bad:  # an error in a header, for the sake of a line of ours
        places = [int(line) for line in re.findall(name + r":(\d+):\d+:\s+required", messages)]
        bad = {lines[line] for line in places if line in lines}
    if messages and not bad:
        sys.exit(f"{source.name} does not compile with its mutants:\n{messages[:3000]}")
    return bad


class Equivalents:
    """What equivalent.txt says: under 'file: signature', '- before' and '+ after' pairs, or '= this that'
    where the two are the same in that function, and below them the reason."""

    def __init__(self, path):
        self.pairs = {}  # key -> reason
        self.same = []  # (file, signature, this, that)
        place, pairs, same, before, reason = None, [], [], None, []
        for line in path.read_text().splitlines() + [""]:
            if line.startswith("#"):
                continue
            if line.startswith("  - "):
                before = line[4:]
            elif line.startswith("  + "):
                pairs.append((before, line[4:]))
            elif line.startswith("  = "):
                same.append(line[4:].split(" "))
            elif line.startswith("  "):
                reason.append(line.strip())
            elif line.strip():
                place = line.split(": ", 1)
            elif pairs or same:
                if not reason:
                    sys.exit(f"{path}: no reason for the changes of {place[1]}")
                for pair in pairs:
                    self.pairs[" | ".join((*place, *pair))] = " ".join(reason)
                self.same += [(*place, *words) for words in same]
                pairs, same, reason = [], [], []

    def has(self, mutant):
        if mutant.key() in self.pairs:
            return True
        before, after = mutant.before, mutant.after.removesuffix("  (again)")
        for file, signature, this, that in self.same:
            if file == mutant.file and re.search(signature, mutant.signature):
                before, after = before.replace(that, this), after.replace(that, this)
        return before == after


@dataclass
class Count:
    mutants: int = 0
    not_compiled: int = 0
    killed: int = 0
    equivalent: int = 0
    survived: int = 0

    def __str__(self):
        return (f"{self.mutants} changes: {self.not_compiled} do not compile, {self.killed} killed, "
                f"{self.equivalent} equivalent, {self.survived} survive")


def killer_of(workshop, mutant, limits):
    for tests, seconds in limits.items():
        failed = workshop.run(tests, mutant.number, seconds)
        if failed:
            return f"{tests[0]}: {failed}"
    return None


def try_file(workshop, source, options, known, killed, limits, remember):
    count = Count(mutants=len(source.mutants))
    start = time.monotonic()
    with ThreadPoolExecutor(options.jobs) as pool:
        dropped = sort_out(workshop, source, pool)
        count.not_compiled = len(dropped)
        fitting = {tests: limits[tests] for tests in limits if tests in tests_of([source.name])}
        untried = []
        for mutant, _, _ in source.mutants:
            if mutant.number in dropped or mutant.number % options.share != 0:
                continue
            if known.has(mutant):
                count.equivalent += 1
            elif mutant.key() in killed:
                count.killed += 1
            else:
                untried.append(mutant)
        killers = pool.map(lambda mutant: killer_of(workshop, mutant, fitting), untried)
        for mutant, killer in zip(untried, killers):
            if killer:
                count.killed += 1
                remember(mutant, killer)
            else:
                count.survived += 1
                print(f"survives: {mutant}", flush=True)
    print(f"{source.name}: {count}; {time.monotonic() - start:.0f} s", flush=True)
    return count


def time_limits(workshop, all_tests):
    """Of all tests, which pass untouched, the fastest first: the processor seconds they may take."""
    taken = {}
    for tests in all_tests:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        failed = workshop.run(tests, 0, 600)
        if failed:
            sys.exit(f"{tests[0]} fails without any change: {failed}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken[tests] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {tests: 10 + int(10 * taken[tests]) for tests in sorted(taken, key=taken.get)}


def main():
    parser = argparse.ArgumentParser(description="Mutants of the rules that figures depend on.")
    parser.add_argument("files", nargs="*", default=FILES)
    parser.add_argument("--place", type=Path, default=PROJECT / "build" / "mutation")
    parser.add_argument("--share", type=int, default=1, help="try every Nth mutant")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="mutants at once")
    parser.add_argument("--afresh", action="store_true", help="forget what was killed before")
    parser.add_argument("--list", action="store_true", help="print the changes and try none")
    options = parser.parse_args()

    following = enumerators(PROJECT)
    sources = [Source(name, (PROJECT / name).read_text(), following) for name in options.files]
    if options.list:
        for source in sources:
            print(*(mutant for mutant, _, _ in source.mutants), sep="\n")
        return 0
    known = Equivalents(Path(__file__).with_name("equivalent.txt"))
    record = options.place / "killed.jsonl"
    if options.afresh and record.exists():
        record.unlink()
    killed = {}
    if record.exists():
        killed = dict(json.loads(line) for line in record.read_text().splitlines())

    options.place.mkdir(parents=True, exist_ok=True)
    workshop = Workshop(options.place, tests_of(options.files))
    workshop.prepare()
    limits = time_limits(workshop, tests_of(options.files))
    total = Count()
    with record.open("a") as out:
        def remember(mutant, killer):
            out.write(json.dumps([mutant.key(), killer]) + "\n")
            out.flush()

        for source in sources:
            count = try_file(workshop, source, options, known, killed, limits, remember)
            for field in vars(count):
                setattr(total, field, getattr(total, field) + getattr(count, field))
            workshop.write(source.name, source.text.encode())
    stale = set(known.pairs) - {m.key() for source in sources for m, _, _ in source.mutants}
    stale = {key for key in stale if key.split(" | ")[0] in options.files}
    for key in sorted(stale):
        print(f"equivalent.txt names a change that is not there: {key}")
    print(f"in all: {total}")
    return 1 if total.survived or stale else 0


if __name__ == "__main__":
    sys.exit(main())
