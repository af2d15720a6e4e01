# SPDX-License-Identifier: Apache-2.0
"""Hardware that acts on its own: reads and writes on the bus of a running machine from outside, through QEMU's test
protocol (-qtest), which works beside a guest that runs. No software in the machine has a part in it.
"""

import os
import socket

ECAM = 0xB0000000  # of QEMU's q35
COMMAND, BAR0 = 0x04, 0x10
MEMORY_AND_MASTER = 0x6
CONNECT_SECONDS = 20


class Bus:
    def __init__(self, folder):
        self.path = os.path.join(folder, "bus")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(1)

    def options(self):
        return ["-qtest", f"unix:{self.path}", "-qtest-log", "/dev/null"]

    def connect(self):
        self.listener.settimeout(CONNECT_SECONDS)
        self.socket, _ = self.listener.accept()
        self.socket.settimeout(CONNECT_SECONDS)
        self.file = self.socket.makefile("rw", encoding="ascii")

    def _ask(self, words):
        self.file.write(words + "\n")
        self.file.flush()
        while not (answer := self.file.readline()).startswith("OK"):
            assert answer.startswith("IRQ"), f"{words}: {answer!r}"
        return answer.split()[1:]

    def read(self, address, width):
        return int(self._ask(f"read{'bwlq'[width.bit_length() - 1]} {address:#x}")[0], 16)

    def write(self, address, width, value):
        self._ask(f"write{'bwlq'[width.bit_length() - 1]} {address:#x} {value:#x}")


class Edu:
    """QEMU's educational device at 00:`slot`.0, with its bus mastering switched on by nobody of the machine."""

    MEMORY = 0x40000  # of its own, 4 KiB
    SOURCE, DESTINATION, COUNT, DMA = 0x80, 0x88, 0x90, 0x98
    START, TO_RAM = 1, 2

    def __init__(self, bus, slot):
        self.bus = bus
        self.config = ECAM + (slot << 15)

    def _transfer(self, source, destination, count, command):
        registers = self.bus.read(self.config + BAR0, 4) & ~0xF
        for register, value in ((self.SOURCE, source), (self.DESTINATION, destination), (self.COUNT, count)):
            self.bus.write(registers + register, 8, value)
        self.bus.write(registers + self.DMA, 8, command | self.START)
        while self.bus.read(registers + self.DMA, 8) & self.START:  # 100 ms of the machine's time
            pass

    def take_over(self):
        self.bus.write(self.config + COMMAND, 2, MEMORY_AND_MASTER)

    def write_to(self, address, count=256):
        self._transfer(self.MEMORY, address, count, self.TO_RAM)

    def read_from(self, address, count=256):
        self._transfer(address, self.MEMORY, count, 0)
