"""Converts this project's Markdown to the roff of manual pages (man(7))."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

# Longer words may be broken in narrow columns.
LONG = 16

# The forms in groff_char(7) of characters that would otherwise print as a hyphen, a quotation mark or an accent.
CHARACTERS = {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti"}
INLINE = re.compile(r"`(?P<code>[^`]+)`|\*\*(?P<bold>.+?)\*\*|\[(?P<text>[^]]+)\]\((?P<link>[^)]+)\)", re.DOTALL)


def page(name: str, section: str, title: str, body: str, date: str, version: str) -> str:
    """A complete page; `date` has the form 2026-01-31."""
    arguments = " ".join([quoted(name.upper()), section, date, quoted(f"keyfob {version}"), quoted(title)])
    text = re.sub(r"^(\.S[HS] .*\n)\.PP\n", r"\1", "".join(blocks(body)), flags=re.MULTILINE)
    return f".TH {arguments}\n.nh\n.ad l\n{text}"


def escaped(text: str) -> str:
    """Text whose characters print unchanged and stay unchanged when a reader copies them from the page."""
    return "".join(CHARACTERS.get(c, c) if c.isascii() else f"\\[u{ord(c):04X}]" for c in text)


def breakable(text: str) -> str:
    """Escaped text in which words that are too long for a column may break across lines."""
    return " ".join(
        re.sub(r"([/,:=\|&?])(?=.)", r"\1\\:", escaped(word)) if len(word) > LONG else escaped(word)
        for word in text.split(" ")
    )


def quoted(text: str) -> str:
    """A quoted argument of a roff request."""
    return '"' + escaped(text).replace('"', "\\(dq") + '"'


def inline(text: str) -> str:
    """Text with its code, bold words and links."""
    result, end = "", 0
    for match in INLINE.finditer(text):
        result += breakable(text[end : match.start()]) + emphasis(match)
        end = match.end()
    return result + breakable(text[end:])


def emphasis(match: re.Match[str]) -> str:
    """Code and strong words become bold. A link becomes its text, with its URL if it leads out of the project."""
    if match["text"] is None:
        return f"\\fB{breakable((match['code'] or match['bold']).replace('`', ''))}\\fR"
    address = f" ({breakable(match['link'])})" if match["link"].startswith("http") else ""
    return inline(match["text"]) + address


def lines(text: str) -> str:
    """Lines that roff does not take for requests."""
    return "".join(("\\&" + line if line.startswith((".", "'")) else line) + "\n" for line in text.splitlines())


def blocks(text: str) -> Iterator[str]:
    """Converts headings, examples, tables, lists and paragraphs."""
    rest = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL).splitlines()
    while rest:
        line = rest[0]
        if not line.strip():
            rest.pop(0)
        elif heading := re.match(r"(#+) (.*)", line):
            rest.pop(0)
            yield headline(len(heading[1]), heading[2])
        elif line.startswith("```"):
            end = rest.index("```", 1)
            yield f".PP\n.RS 4\n.nf\n{lines(escaped(chr(10).join(rest[1:end])))}.fi\n.RE\n"
            del rest[: end + 1]
        elif line.startswith("|"):
            yield table([cells(row) for row in take(rest, lambda each: each.startswith("|"))])
        elif line.startswith("- "):
            texts = "\n".join(take(rest, bool)).removeprefix("- ").split("\n- ")
            yield "".join(".IP \\(bu 2\n" + lines(inline(re.sub(r"\n +", "\n", each))) for each in texts)
        else:
            yield ".PP\n" + lines(inline("\n".join(take(rest, lambda each: each and not each.startswith("```")))))


def take(rest: list[str], belongs: Callable[[str], object]) -> list[str]:
    """Removes the first lines that belong together from `rest`, and returns them."""
    count = next((index for index, line in enumerate(rest) if not belongs(line)), len(rest))
    taken, rest[:] = rest[:count], rest[count:]
    return taken


def headline(level: int, text: str) -> str:
    """A heading. A level 1 title is omitted because .TH has it; a heading below level 3 is a line in bold."""
    if level == 1:
        return ""
    if level == 2:
        return f".SH {quoted(text.upper())}\n"
    return f".SS {quoted(text)}\n" if level == 3 else f".PP\n\\fB{escaped(text)}\\fR\n"


def cells(row: str) -> list[str]:
    """The cells of a row; a bar in a cell has a backslash before it."""
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]


def table(rows: list[list[str]]) -> str:
    """A list of the first column's terms. Cells between the first and the last column get their column heads."""
    head, body = rows[0], rows[2:]
    return "".join(f".TP\n{lines(inline(row[0]))}{said(head, row)}" for row in body)


def said(head: list[str], row: list[str]) -> str:
    """The text about the first cell. If the first column has an empty head, all other cells get their column heads."""
    names = [*head[1:-1], "" if head[0] or len(head) == 2 else head[-1]]
    texts = [f"{name}: {cell}" if name else cell for name, cell in zip(names, row[1:]) if cell]
    return ".br\n".join(lines(inline(text)) for text in texts) or "\\&\n"
