"""The changes that are tried in a function: what a slip of the pen in a formula would be.

A change is a span of the source and the text that takes its place. Changes that do not compile are
sorted out by the compiler; those that change nothing are listed in equivalent.txt.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from cpp_functions import CLOSING, OPENING, closing_of


@dataclass(frozen=True)
class Change:
    kind: str
    start: int
    end: int
    text: str


# How tightly an operator binds; only what stands between spaces is taken for an operator of two
# operands, as clang-format writes them.
BINDING = {"*": 5, "/": 5, "%": 5, "+": 4, "-": 4, "<": 3, ">": 3, "<=": 3, ">=": 3, "==": 2,
           "!=": 2, "&&": 1, "||": 0}
OTHER_OPERATOR = {"*": "+", "/": "*", "%": "/", "+": "-", "-": "+", "<": "<=", ">": ">=",
                  "<=": "<", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&",
                  "+=": "=", "-=": "+=", "*=": "="}
ENDS_AN_OPERAND = {",", ";", "?", ":", "=", "+=", "-=", "*=", "return", "<<", ">>"}

# Members and functions of one kind that a formula may have mistaken for each other.
MISTAKEN = [
    ("rows", "columns"), ("min", "max"), ("in", "out"), ("left", "right"), ("gate", "up"),
    ("keys", "values"), ("nope_dim", "rope_dim"), ("latent_dim", "value_dim"),
    ("nope_head_dim", "rope_head_dim"), ("kv_heads", "query_heads"), ("matrix", "other"),
    ("activations_read", "activations_written"), ("weights_read", "cache_read"),
    ("cache_written", "cache_read"), ("experts", "experts_per_token"), ("flops", "transcendentals"),
    ("past", "tokens"), ("batch", "tokens"), ("per_token", "per_pair"), ("fixed", "per_token"),
    ("held_positions", "most_held_positions"), ("attended_pairs", "opened_positions"),
    ("weights", "kv"), ("flops_per_second", "bytes_per_second"), ("first", "second"),
    ("arithmetic_seconds", "memory_seconds"), ("hidden", "vocabulary"), ("window", "chunk"),
    ("width", "vocabulary"), ("before", "after"), ("given", "x"), ("scaled_embedding", "learned_positions"),
    ("k", "v"), ("routed", "shared"), ("count", "active"), ("elements", "columns"), ("token", "projected"),
]


def other_names():
    names = {}
    for one, other in MISTAKEN:
        names.setdefault(one, []).append(other)
        names.setdefault(other, []).append(one)
    return names


def enumerators(project):
    """Of every enumeration that the sources declare: each name and the next."""
    following = {}
    for header in sorted(Path(project, "sim").rglob("*.h")):
        text = re.sub(r"//[^\n]*", "", header.read_text())
        for name, body in re.findall(r"enum class (\w+)[^{;]*{([^}]*)}", text):
            values = [value.split("=")[0].strip() for value in body.split(",") if value.strip()]
            for index, value in enumerate(values):
                if len(values) > 1:
                    following[name, value] = values[(index + 1) % len(values)]
    return following


class Changer:
    def __init__(self, text, tokens, following):
        self.text = text
        self.tokens = tokens
        self.following = following
        self.names = other_names()

    def changes(self, first, last):
        """All changes between two tokens; no two give the same text."""
        seen = set()
        for index in range(first, last):
            for change in self.changes_at(index, first, last):
                old = self.text[change.start : change.end]
                place = (change.start, change.end, change.text)
                if place not in seen and " ".join(old.split()) != " ".join(change.text.split()):
                    seen.add(place)
                    yield change

    def changes_at(self, index, first, last):
        token = self.tokens[index]
        if token.kind == "number":
            yield from self.of_number(token)
        elif token.kind == "word":
            yield from self.of_word(index)
        elif token.kind == "punctuation":
            if token.text in OTHER_OPERATOR and self.is_spaced(token):
                yield from self.of_operator(index, first, last)
            elif token.text == "!":
                yield Change("condition", token.start, token.end, "")
            elif token.text == "?":
                yield from self.of_choice(index, first)
            elif token.text == "(" and self.tokens[index - 1].kind == "word":
                yield from self.of_call(index)
        if index == first or self.tokens[index - 1].text in (";", "{", "}", ")", "else"):
            yield from self.of_statement(index, last)

    def is_spaced(self, token):
        return self.text[token.start - 1].isspace() and self.text[token.end].isspace()

    def span(self, kind, first, last, text):
        return Change(kind, self.tokens[first].start, self.tokens[last - 1].end, text)

    def text_of(self, first, last):
        return self.text[self.tokens[first].start : self.tokens[last - 1].end]

    # A factor, an off-by-one.
    def of_number(self, token):
        if re.fullmatch(r"\d+", token.text):
            value = int(token.text)
            yield Change("number", token.start, token.end, str(value + 1))
            if value > 0:
                yield Change("number", token.start, token.end, str(value - 1))
        elif re.fullmatch(r"[\d.]+(?:e[+-]?\d+)?F?", token.text):
            yield Change("number", token.start, token.end, f"(2 * {token.text})")
            yield Change("number", token.start, token.end, f"(1 + {token.text})")

    def of_word(self, index):
        token = self.tokens[index]
        before, after = self.tokens[index - 1].text, self.tokens[index + 1].text
        if token.text in ("true", "false"):
            yield Change("condition", token.start, token.end,
                         "false" if token.text == "true" else "true")
        if before == "::":
            enumeration = self.tokens[index - 2].text
            other = self.following.get((enumeration, token.text))
            if other:
                yield Change("enumerator", token.start, token.end, other)
        if after not in ("::", "<"):
            for other in self.names.get(token.text, []):
                yield Change("name", token.start, token.end, other)
        if token.text == "if" and after == "(":
            end = closing_of(self.tokens, index + 1)
            for value in ("true", "false"):
                yield self.span("condition", index + 2, end, value)

    # Another operator, a dropped operand, operands swapped.
    def of_operator(self, index, first, last):
        token = self.tokens[index]
        yield Change("operator", token.start, token.end, OTHER_OPERATOR[token.text])
        if token.text not in BINDING:
            return
        begin = self.operand_before(index, first)
        end = self.operand_behind(index, last)
        left, right = self.text_of(begin, index), self.text_of(index + 1, end)
        yield self.span("dropped operand", begin, end, left)
        if token.text in ("+", "*", "&&", "||"):
            yield self.span("dropped operand", begin, end, right)
        elif token.text in ("-", "/", "%", "<", ">", "<=", ">="):
            yield self.span("swapped operands", begin, end, f"{right} {token.text} {left}")

    def ends_operand(self, index, binding):
        token = self.tokens[index]
        if token.text in ENDS_AN_OPERAND:
            return True
        return token.text in BINDING and self.is_spaced(token) and BINDING[token.text] <= binding

    def operand_behind(self, index, last):
        end = index + 1
        while end < last and self.tokens[end].text not in CLOSING:
            if self.ends_operand(end, BINDING[self.tokens[index].text]):
                break
            end = closing_of(self.tokens, end) + 1 if self.tokens[end].text in OPENING else end + 1
        return end

    # From the left, what binds as tightly belongs to the left operand.
    def operand_before(self, index, first):
        depth = 0
        begin = index
        while begin > first:
            before = self.tokens[begin - 1]
            if before.text in CLOSING:
                depth += 1
            elif before.text in OPENING:
                if depth == 0:
                    break
                depth -= 1
            elif depth == 0 and self.ends_operand(begin - 1, BINDING[self.tokens[index].text] - 1):
                break
            begin -= 1
        return begin

    def of_choice(self, index, first):
        depth = 0
        begin = index
        while begin > first:
            before = self.tokens[begin - 1].text
            if before in CLOSING:
                depth += 1
            elif before in OPENING and depth > 0:
                depth -= 1
            elif depth == 0 and (before in OPENING or before in ENDS_AN_OPERAND):
                break
            begin -= 1
        for value in ("true", "false"):
            yield self.span("condition", begin, index, value)

    # Arguments swapped; a call that gives back what it was given.
    def of_call(self, opening):
        closing = closing_of(self.tokens, opening)
        arguments = self.arguments(opening, closing)
        in_any_order = self.tokens[opening - 1].text in ("min", "max")
        for (a, b), (c, d) in [] if in_any_order else zip(arguments, arguments[1:]):
            yield self.span("swapped operands", a, d,
                            self.text_of(c, d) + ", " + self.text_of(a, b))
        name = opening - 1
        while self.tokens[name - 1].text in ("::", ".", "->"):
            name -= 2
        if self.tokens[name - 1].text == "throw" or self.tokens[opening - 1].text == "move":
            return  # a copy is what is moved, but for time
        if self.tokens[name].kind == "word" and self.tokens[name].text not in (
                "if", "for", "switch", "return", "while"):
            for a, b in arguments:
                yield self.span("dropped call", name, closing + 1, self.text_of(a, b))

    def arguments(self, opening, closing):
        arguments = []
        begin = index = opening + 1
        while index < closing:
            if self.tokens[index].text in OPENING:
                index = closing_of(self.tokens, index)
            elif self.tokens[index].text == ",":
                arguments.append((begin, index))
                begin = index + 1
            index += 1
        if begin < closing:
            arguments.append((begin, closing))
        return arguments

    # A statement that changes something, left out.
    def of_statement(self, index, last):
        if self.tokens[index].kind != "word" or index + 1 >= last:
            return
        if self.tokens[index + 1].text not in (".", "->", "[", "=", "+=", "-=", "*=", "("):
            return
        if self.tokens[index].text in ("if", "for", "switch", "return", "while"):
            return
        end = index
        while end < last and self.tokens[end].text != ";":
            end = closing_of(self.tokens, end) + 1 if self.tokens[end].text in OPENING else end + 1
        if end < last:
            yield self.span("dropped statement", index, end, "")
