# SPDX-License-Identifier: BSD-3-Clause
"""What the emulated host's agent says on its own port, in this order:

  up RELEASE MODE          the host runs; MODE is KVM's: VHE, nVHE, protected, none
  exit STATUS OUT ERR      the command ended; bytes it wrote to stdout and stderr
  file INDEX SIZE          SIZE bytes follow: the file of --get number INDEX
  nofile INDEX REASON      there is no such file
  done                     nothing follows
"""

from .report import BedError

MAX_LINE = 4096


class Reader:
    """Takes bytes as they come; calls on_up, on_exit, on_file, on_whole, on_nofile, on_done.

    on_file(index) gives an open binary file for the content, which is closed here; on_whole(index)
    follows when all of it was written.
    """

    def __init__(self, handler):
        self._handler = handler
        self._line = bytearray()
        self._file = None
        self._index = self._left = 0

    def feed(self, data):
        while data:
            data = self._feed_file(data) if self._file else self._feed_line(data)

    def close(self):
        if self._file:
            self._file.close()
            self._file = None

    def _feed_file(self, data):
        part = data[:self._left]
        self._file.write(part)
        self._left -= len(part)
        self._end_file()
        return data[len(part):]

    def _end_file(self):
        if self._left == 0:
            self.close()
            self._handler.on_whole(self._index)

    def _feed_line(self, data):
        line, newline, rest = data.partition(b"\n")
        self._line += line
        if len(self._line) > MAX_LINE:
            raise BedError("the host's agent sent a line without an end")
        if newline:
            text = self._line.decode("utf-8", "replace")
            self._line.clear()
            self._message(text)
        return rest

    def _message(self, text):
        word, _, rest = text.partition(" ")
        try:
            if word == "up":
                self._handler.on_up(*rest.split())
            elif word == "exit":
                self._handler.on_exit(*map(int, rest.split()))
            elif word == "file":
                self._index, self._left = map(int, rest.split())
                self._file = self._handler.on_file(self._index)
                self._end_file()
            elif word == "nofile":
                index, _, reason = rest.partition(" ")
                self._handler.on_nofile(int(index), reason)
            elif word == "done":
                self._handler.on_done()
            else:
                raise ValueError(word)
        except (TypeError, ValueError, IndexError):
            raise BedError(f"the host's agent said {text[:60]!r}: no such message") from None
