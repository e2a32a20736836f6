"""Where the functions of a C++ file begin and end, token by token.

Knows the little of C++ that this project's formatted sources need: comments, strings, brackets, and
which braces hold a namespace, a class, a function's body or values. It is no parser.
"""

import re
from dataclasses import dataclass

TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<directive>(?m:^\#[^\n]*))
      | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])+')
      | (?P<number>(?:0[xX][0-9a-fA-F']+|\d[\d']*\.?\d*(?:[eE][+-]?\d+)?)[a-zA-Z]*)
      | (?P<word>[A-Za-z_]\w*)
      | (?P<punctuation><=>|<<=|>>=|\.\.\.|::|->|\+\+|--|[-+*/%=!<>&|^]=|&&|\|\||.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Function:
    signature: str
    returns_value: bool
    first: int  # tokens of the body, without its braces
    last: int


@dataclass(frozen=True)
class Values:
    """A constant of a namespace: `constexpr std::int64_t kFlops = 3;`"""

    signature: str
    first: int
    last: int


def tokens_of(text):
    """Without space and comments."""
    tokens = []
    for match in TOKEN.finditer(text):
        if match.lastgroup not in ("space", "comment", "directive"):
            tokens.append(Token(match.lastgroup, match.group(), match.start(), match.end()))
    return tokens


OPENING = {"(": ")", "[": "]", "{": "}"}
CLOSING = set(OPENING.values())


def closing_of(tokens, opening):
    depth = 0
    for index in range(opening, len(tokens)):
        if tokens[index].text in OPENING:
            depth += 1
        elif tokens[index].text in CLOSING:
            depth -= 1
            if depth == 0:
                return index
    raise ValueError("a bracket that is not closed")


def words_between(text, tokens, first, last):
    return " ".join(text[tokens[first].start : tokens[last - 1].end].split())


def returns_value(signature):
    """A constructor does not: nothing stands before its name."""
    words = signature.split("(")[0].split()
    return len(words) > 1 and "void" not in words


def declarations_of(text, tokens):
    """Every function with a body and every constant of a namespace."""
    found = []
    begin = 0  # of the declaration that is being read
    index = 0
    while index < len(tokens):
        here = tokens[index].text
        if here in (";", "}") or (here == ":" and tokens[index - 1].text in ("public", "private")):
            begin = index + 1
        elif here in ("(", "["):
            index = closing_of(tokens, index)
        elif here == "=" and tokens[begin].text in ("constexpr", "const"):
            end = index
            while tokens[end].text != ";":
                end = closing_of(tokens, end) + 1 if tokens[end].text in OPENING else end + 1
            found.append(Values(words_between(text, tokens, begin, index), index + 1, end))
            index, begin = end, end + 1
        elif here == "{":
            words = {token.text for token in tokens[begin:index]}
            if "namespace" in words or (words & {"struct", "class"} and "(" not in words):
                begin = index + 1
            else:
                end = closing_of(tokens, index)
                if "(" in words:
                    signature = words_between(text, tokens, begin, index)
                    found.append(Function(signature, returns_value(signature), index + 1, end))
                elif tokens[begin].text in ("constexpr", "const"):
                    found.append(Values(words_between(text, tokens, begin, index), index + 1, end))
                index, begin = end, end + 1
        index += 1
    return found
