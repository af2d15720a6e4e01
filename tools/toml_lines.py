# SPDX-License-Identifier: Apache-2.0
"""Where in a TOML file each key stands: tomllib gives values without lines, and an error message needs one.

The text must already have been accepted by tomllib; this only walks over it. A path is a tuple of keys and indices as one
would use on tomllib's result: ("process", 0, "budget", "buffers").
"""


class _Scanner:
    def __init__(self, text):
        self.text = text
        self.at = 0
        self.lines = {}
        self.tables_in = {}  # path of an array of tables -> how many so far

    def line(self):
        return self.text.count("\n", 0, self.at) + 1

    def peek(self):
        return self.text[self.at : self.at + 1]

    def skip(self, blanks):
        """Over blanks and comments; newlines count as blanks if they are in `blanks`."""
        while self.at < len(self.text):
            if self.peek() in blanks:
                self.at += 1
            elif self.peek() == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            else:
                return

    def string(self):
        """Over a string of any of TOML's four kinds; returns what is between the quotes, escapes untouched."""
        quote = self.peek()
        fence = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        self.at += len(fence)
        start = self.at
        while not self.text.startswith(fence, self.at):
            self.at += 2 if quote == '"' and self.peek() == "\\" else 1
        while len(fence) == 3 and self.text.startswith(fence, self.at + 1):  # up to two quotes before the fence
            self.at += 1
        content = self.text[start : self.at]
        self.at += len(fence)
        return content

    def key(self):
        """A dotted key, as a list of its parts."""
        parts = []
        while True:
            self.skip(" \t")
            if self.peek() in ('"', "'"):
                parts.append(self.string())
            else:
                start = self.at
                while self.peek().isalnum() or self.peek() in ("_", "-"):
                    self.at += 1
                parts.append(self.text[start : self.at])
            self.skip(" \t")
            if self.peek() != ".":
                return parts
            self.at += 1

    def assignment(self, table):
        line = self.line()
        path = table
        for part in self.key():
            path += (part,)
            self.lines.setdefault(path, line)
        self.at += 1  # "="
        self.skip(" \t")
        self.value(path)

    def value(self, path):
        first = self.peek()
        if first in ('"', "'"):
            self.string()
        elif first == "[":
            self.array(path)
        elif first == "{":
            self.inline_table(path)
        else:
            while self.peek() and self.peek() not in ",]}#\n":
                self.at += 1

    def array(self, path):
        self.at += 1
        index = 0
        while True:
            self.skip(" \t\r\n")
            if self.peek() == "]":
                self.at += 1
                return
            self.lines[path + (index,)] = self.line()
            self.value(path + (index,))
            index += 1
            self.skip(" \t\r\n")
            if self.peek() == ",":
                self.at += 1

    def inline_table(self, path):
        self.at += 1
        while True:
            self.skip(" \t")
            if self.peek() == "}":
                self.at += 1
                return
            self.assignment(path)
            self.skip(" \t")
            if self.peek() == ",":
                self.at += 1

    def header(self):
        """[a.b] or [[a.b]]: the path of the table that follows. A name of an array means its last table."""
        line = self.line()
        is_array = self.text.startswith("[[", self.at)
        self.at += 2 if is_array else 1
        parts = self.key()
        self.at += 2 if is_array else 1
        path = ()
        for n, part in enumerate(parts):
            path += (part,)
            self.lines.setdefault(path, line)
            if is_array and n == len(parts) - 1:
                self.tables_in[path] = self.tables_in.get(path, 0) + 1
            if path in self.tables_in:
                path += (self.tables_in[path] - 1,)
        self.lines[path] = line
        return path

    def scan(self):
        table = ()
        while True:
            self.skip(" \t\r\n")
            if not self.peek():
                return self.lines
            if self.peek() == "[":
                table = self.header()
            else:
                self.assignment(table)


def key_lines(text):
    """Path -> line number (from 1) of every table, key and array element of a valid TOML text."""
    return _Scanner(text).scan()
