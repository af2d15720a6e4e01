# SPDX-License-Identifier: Apache-2.0
"""What the machine says, as regular expressions: the one place that knows the words. Each matches the text of one line
without its timestamp; groups are the values a test looks at."""

import re

# ---- the jobs ----
DISK = r"^reader: disk: (?P<bytes>\d+) bytes, block (?P<block>\d+), (?P<access>read-only|read-write)$"
PROGRESS = r"^reader: progress: (?P<percent>\d+) %$"
READ = (
    r"^reader: read: bytes=(?P<bytes>\d+) sha256=(?P<sha256>[0-9a-f]{64}) requests=(?P<requests>\d+) "
    r"depth_mean=(?P<mean>\d+\.\d\d) depth_max=(?P<max>\d+) us=(?P<us>\d+)$"
)
READ_ANY = r"\bread: bytes="
READ_ERROR = r"^reader: .*\b(TN_EIO|status 12)\b"
VERIFY_OK = (
    r"^writer: verify: bytes=(?P<bytes>\d+) seed=0x(?P<seed>[0-9a-f]+) writes=(?P<writes>\d+) "
    r"flushes=(?P<flushes>\d+) reads=(?P<reads>\d+) ok$"
)
VERIFY_FAIL = r"^writer: verify: .*FAIL .*="
WRITER_READ_ONLY = r"^writer: .*\b(read-only|TN_EREADONLY)\b"

# ---- boot ----
POLICY_TRUSTED = r"\bpolicy trusted\b"
POLICY_REFUSED = r"\b(TN_EPOLICY|policy blocked)\b"
BUS_MASTER_CLEARED = r"^pci: [0-9a-f]{2}:[0-9a-f]{2}\.[0-7] .*bus mastering on: cleared$"
FUNCTIONS = r"^pci: [0-9a-f]{2}:[0-9a-f]{2}\.[0-7] (?P<id>[0-9a-f]{4}:[0-9a-f]{4}) "
END = r"^MARK boot: end status=(?P<status>\d+)$"

# ---- bad input ----
NO_DEVICE = r"virtio_blk0\b.*\b1af4:1042\b.*\bindex 0\b"
NO_SUCH_DEVICE = r"ghost\b.*\bdead:beef\b.*\bindex 3\b"
NO_IMAGE = r"virtio_blk0\b.*\bbin/virtio_blk\b"
NO_MANIFEST = r"\bmanifest/nosuch\.bin\b"
BAD_ARCHIVE = r"\barchive\b.*\b(truncated|cut short|ends)\b"
NO_ARCHIVE = r"\bno (boot )?archive\b"
BAD_MANIFEST = r"\bmanifest\b.*\bbroken\b"
OVER_BUDGET = r"^manifest: .*\bgreedy\b.*\bmemory\b"
POOL_TOO_BIG = r"\bgreedy\b.*\b(TN_EEXHAUSTED|exhausted|memory)\b"
ELF_OVERLAP = r"\bbin/broken\b.*\boverlap"
ELF_KERNEL_ADDRESS = r"\bbin/broken\b.*\b(?:0x)?ffffffff80000000\b"
ELF_REFUSED = r"\bbin/broken\b"
ACPI_CHECKSUM = r"^acpi: .*\bMCFG\b.*\bchecksum\b"
ACPI_LENGTH = r"^acpi: .*\b{table}\b.*\blength\b"
ACPI_RSDP = r"^acpi: .*\bRSDP\b"
NO_ECAM = r"^pci: no ECAM\b"
MISSING_FEATURE = r"^virtio_blk0: .*\b(feature|VIRTIO_F_VERSION_1)\b"

# ---- faults and panics ----
PANIC = r"^panic: (?P<what>.+)$"
PANIC_TEST = r"^panic: .*\btest\b"
BACKTRACE = r"^panic:\s+(#\d+|at)\s+[0-9a-f]{16}$"
PANIC_END = r"^panic: end$"
PROCESS_FAULT = r"\b{process}\b.*\b{what}\b"
FAULT_WORDS = {
    "read-kernel": "page fault",
    "write-ro": "page fault",
    "exec-nx": "page fault",
    "ud": "invalid opcode",
    "div": "divide error",
}
PROCESS_ENDED = r"\b{process}\b.*\bended\b"
QUARANTINE = r"\bquarantine"

# ---- self-tests ----
SELFTEST_OK = r"^selftest_a: SELFTEST: dmabuffer ownership ok$"
SELFTEST_FAIL = r"^selftest_a: SELFTEST: dmabuffer ownership FAIL \S+="


def of(template, **words):
    """A template with its words put in."""
    result = template
    for key, word in words.items():
        result = result.replace("{" + key + "}", re.escape(word))
    return result
