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
DRIVER_UP = r"^virtio_blk0: virtio-blk: \d+ bytes, block \d+, "
READ_ANY = r"\bread: bytes="
READ_ERROR = r"^reader: .*\b(TN_EIO|status 12)\b"
VERIFY_OK = (
    r"^writer: verify: bytes=(?P<bytes>\d+) seed=0x(?P<seed>[0-9a-f]+) writes=(?P<writes>\d+) "
    r"flushes=(?P<flushes>\d+) reads=(?P<reads>\d+) ok$"
)
VERIFY_FAIL = r"^writer: verify: .*FAIL .*="
WRITER_READ_ONLY = r"^writer: .*\b(read-only|TN_EREADONLY)\b"

# ---- boot ----
POLICY_TRUSTED = r"^device: [0-9a-f]{2}:[0-9a-f]{2}\.[0-7] claimed by {process}, DMA policy trusted\b"
POLICY = r"^device: \S+ claimed by {process}, DMA policy {policy}{note}$"
POOL_REFUSED = r"^pool: {process}: refused: the DMA policy of the device is `blocked`"
POLICY_REFUSED = r"^pool: virtio_blk0: refused: the DMA policy of the device is `blocked`"
BUS_MASTER_CLEARED = r"^pci: [0-9a-f]{2}:[0-9a-f]{2}\.[0-7] .*bus mastering on: cleared$"
FUNCTIONS = r"^pci: [0-9a-f]{2}:[0-9a-f]{2}\.[0-7] (?P<id>[0-9a-f]{4}:[0-9a-f]{4}) "
FUNCTION = (
    r"^pci: (?P<bdf>[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]) (?P<id>[0-9a-f]{4}:[0-9a-f]{4}) class (?P<class>[0-9a-f]{6}) "
    r".*, group (?P<group>\d+)\b"
)
BAR = r"^pci:   BAR(?P<number>\d) (?P<kind>memory64|memory|io)(?P<prefetchable> prefetchable)? size (?P<size>[0-9a-f]+)$"
BRIDGE_BUSES = r"^pci:   buses (?P<secondary>\d+) to (?P<subordinate>\d+)$"
BUSES = r"^pci: buses 0 to 255$"
FUNCTION_COUNT = r"^pci: (?P<count>\d+) functions in (?P<groups>\d+) isolation groups, at most (?P<depth>\d+) bridges deep$"
LEFT_OUT = r"^pci: (?P<count>\d+) functions beyond the first 256 are not usable$"
BAR_PLACED = r"^pci: \S+: BAR\d had no usable address: placed$"
BAR_NO_ROOM = r"^pci: \S+: BAR\d has no usable address and finds no room$"
WINDOW_PLACED = r"^pci: \S+: \w+ window had no usable address: placed$"
BRIDGE_FAULT = r"^pci: \S+: bridge (?P<what>.+): buses \d+, \d+ to \d+; its buses are one group$"
PCI_TROUBLE = r"^pci: .*\b(no usable address|finds no room|is broken|answers as no BAR can|does not)\b"
END = r"^MARK boot: end status=(?P<status>\d+)$"
END_COUNTS = r"^end: \d+ pages free, \d+ in quarantine, (?P<spurious>\d+) spurious interrupts$"

# ---- the console ----
PROMPT_EARLY = r"^console: stopped before the first process\b"
PROMPT_SHELL = r"^shell: `help` lists the commands; `exit` ends the shell$"
CONSOLE_INPUT = r"^console: input by interrupt 4 of ISA, I/O APIC input (?P<input>\d+)$"
NO_CONSOLE_INPUT = r"^console: no input: interrupt 4 of ISA, which is COM1's, reaches no I/O APIC\b"
LINE_TOO_LONG = r"^{source}: a line has at most 127 characters; this one is not run$"
PROBED = r"^prober: (?P<what>[a-z' ]+): (?P<status>TN_[A-Z]+)$"

# ---- bad input ----
NO_DEVICE = r"^start: virtio_blk0: no device 0 with id 1af4:1042 in this machine$"
NO_SUCH_DEVICE = r"^start: ghost: no device 3 with id dead:beef in this machine$"
NO_IMAGE = r"^start: virtio_blk0: image bin/virtio_blk is not in the archive$"
NO_MANIFEST = r"^manifest: manifest/nosuch\.bin is not in the archive$"
BAD_ARCHIVE = r"^archive: broken at offset \d+ of \d+: .+"
NO_ARCHIVE = r"^archive: the loader gave none\b"
BAD_MANIFEST = r"^manifest: manifest/broken\.bin(: process \w+)?: .+"
OVER_BUDGET = r"^start: greedy: budget .*\bis more than the machine has\b"
ELF_REFUSED = r"^start: broken: image bin/broken refused: .+"
ELF_OVERLAP = r"^start: broken: image bin/broken refused: segments that share a page, address 0x[0-9a-f]+$"
ELF_KERNEL_ADDRESS = r"^start: broken: image bin/broken refused: segment outside user memory, address 0xffffffff80000000$"
ELF_TOO_BIG = r"^start: broken: memory of the image: its own budget does not cover it\b"
ACPI_REFUSED = r"^acpi: table {table} at [0-9a-f]+ ignored: .+"
ACPI_CHECKSUM = r"^acpi: table MCFG at [0-9a-f]+ ignored: bad checksum\b"
ACPI_LENGTH = r"^acpi: table MCFG at [0-9a-f]+ ignored: .*\blength 0x{value}$"
ACPI_MISSING = r"^acpi: not there, or not usable:(?P<names>( [A-Z]{4})+)$"
ACPI_BEYOND = r"^acpi: table {table} at [0-9a-f]+ ignored: registers beyond what this processor addresses, at 0x{at}$"
DRHD = r"^acpi:   DRHD segment 0, flags 0, (?P<scopes>\d+) device scopes$"
DMAR_UNKNOWN = r"^acpi: what could not be read may be a DMAR: whether this machine has an IOMMU is not known$"
MORE_IGNORED = r"^acpi: (?P<count>\d+) more tables ignored$"
DMAR_BROKEN = r"^acpi: the DMAR is refused: this machine's IOMMU is not used$"
NO_RSDP = r"^acpi: no RSDP\b"
NO_ECAM = r"^pci: no ECAM\b"
OTHER_ECAM = r"^pci: the ECAM that MCFG names shows [0-9a-f]{8} at 00:00\.0, the ports show [0-9a-f]{8}: it is not used$"
OTHER_ECAM_AT = r"^pci: the ECAM that MCFG names shows [0-9a-f]{8} at {at}, the ports show [0-9a-f]{8}: it is not used$"
NO_BUS_0 = r"^pci: MCFG leaves out bus 0, where the ports show [0-9a-f]{8}: it is not used$"
LEFT_OUT_BUSES = r"^pci: MCFG leaves out buses 64 to 255 of segment 0: they are reached through CF8/CFC$"
PORTS = r"^pci: no ECAM .*: through CF8/CFC\b"
NO_PCI = r"^pci: no ECAM .* and no CF8/CFC: no PCI device is reachable$"
NO_MSIX = r"^virtio_blk0: MSI-X entry 0 cannot be bound: TN_ENOTSUP; it has none that this machine can route$"
MISSING_FEATURE = r"^virtio_blk0: .*\b(feature|VIRTIO_F_VERSION_1|modern|capabilit)"

# ---- faults and panics ----
PANIC = r"^panic: (?P<what>.+)$"
PANIC_ASKED = r"^panic: asked for on the command line$"
PANIC_NO_NX = r"^panic: cpu: no NX\b"
PROVOKED = {
    "write": r"^panic: page fault \(vector 14\) in the kernel\b",
    "execute": r"^panic: page fault \(vector 14\) in the kernel\b",
    "stack": r"^panic: double fault \(vector 8\) in the kernel\b",
    "nmi": r"^panic: NMI \(vector 2\) in the kernel\b",
}
PROVOKED_NOTHING = r"^provoke: {kind} did nothing$"
_ROUTES = r"interrupt routes \(rank 20"
_DEVICES = r"device manager \(rank 10"
_PLACE = r"kernel/diag/provoke\.c:(?P<{name}>\d+)"
_FIRST, _SECOND = _PLACE.format(name="first"), _PLACE.format(name="second")
LOCK_REPORTS = {
    "lock-order": rf"^panic: lock: wrong order: {_DEVICES}\) is taken at {_SECOND}, while {_ROUTES}\) is held since {_FIRST}$",
    "lock-release": rf"^panic: lock: wrong order: {_DEVICES}, held since {_FIRST}\) is given back at {_SECOND}, "
    rf"before {_ROUTES}\), which is held since kernel/diag/provoke\.c:\d+$",
    "lock-window": rf"^panic: lock: {_ROUTES}\) is held since {_FIRST} at a window for interrupts, {_SECOND}$",
}
LOCK_TWICE = (
    r"^panic: lock: log \(rank 70\) is taken at kernel/diag/serial\.c:\d+, and is held since kernel/diag/provoke\.c:(?P<first>\d+)$"
)
LOCK_HELD = r"^panic: held: {name}, since kernel/diag/provoke\.c:(?P<line>\d+)$"
LOCK_ROW = (
    r"^lock (?P<name>[\w ]+) rank (?P<rank>\d+), free, taken (?P<taken>\d+)(, last at (?P<file>[\w/.]+):\d+)?$"
)
BACKTRACE = r"^panic:\s+(#\d+|at)\s+[0-9a-f]{16}$"
LONG_COMMAND_LINE = r"^panic: boot: the command line is longer than 1023 characters"
PANIC_END = r"^panic: end$"
PROCESS_FAULT = r"^fault: {process}: {what}\b"
FAULT_WORDS = {
    "read-kernel": "page fault",
    "write-ro": "page fault",
    "exec-nx": "page fault",
    "ud": "invalid opcode",
    "div": "divide error",
}
FAULT_ANY = r"^fault: "
CALLS = r"^{process}: calls: rounds=(?P<rounds>\d+) consumed=\d+ done=(?P<done>\d+) refused=(?P<refused>\d+)$"
PROCESS_ENDED = r"^process: {process} was ended by exception \d+$"
DRIVER_LOST = r"^device: .* lost its driver: in quarantine until it is silent: bus-master-off passed, (?P<evidence>.*)$"
DRIVER_NEVER_ON = r"^device: .* lost its driver: silent, unclaimed: bus-master-off passed, never-on passed, .*$"
DRIVER_SILENCED = r"^device: .* lost its driver: silent, unclaimed: bus-master-off passed, never-on n/a, (?P<evidence>.*)$"

# ---- isolation ----
UNIT = r"^iommu: unit 0: VT-d, segment 0, (?P<levels>[34]) levels\b.*, interrupt remapping (?P<remapping>on|off)$"
NO_UNIT = r"^iommu: this machine has none that this kernel drives \(DMAR\): no device is given a remapped policy$"
UNKNOWN_UNIT = r"^iommu: a table that cannot be read may be the DMAR: no device is given a remapped policy$"
BROKEN_UNIT = r"^iommu: the DMAR is refused: no device is given a remapped policy$"
UNIT_NOT_USED = r"^iommu: unit 0 is not used: its capability register makes no sense \(0x(0|f{16})\); "
RESERVED_KEPT = r"^iommu: 00:06\.0: 1 pages that firmware reserved for it stay in its reach$"
RESERVED_REFUSED = r"^iommu: 00:06\.0: the memory that firmware reserved for it makes no sense\b"
NOBODYS_FAULT = r"^iommu: \S+, which nobody holds: (read|write) refused: no context entry$"
FAULT_OF = r"^iommu: \S+ of {process}: (read|write) refused: .+$"
STOPPED = r"^iommu: \S+ of {process}: 256 faults: bus mastering off$"
ISOLATED = r"^victim: SELFTEST: dma isolation ok$"
NOT_ISOLATED = r"^victim: SELFTEST: dma isolation FAIL\b"
VICTIM_CASE = r"^victim: case {case}: FAIL\b"
HOLDING = r"^victim: victim: holding$"
RINGS_HOLDING = r"^rings: rings: holding$"
RINGS_CASE = r"^rings: case \w+: FAIL\b"
LATE_READS_OK = r"^reader: SELFTEST: late reads ok$"
LATE_READS = r"^reader: case bytes_written_late: FAIL got=[1-9]\d* want=0$"
FORGED = r"^attack: attack: (?P<vectors>\d+) vectors forged$"
SWEEP = r"^attack: attack: sweep done, (?P<refused>\d+) refused$"
QUARANTINED = r"^pool: (?P<pages>\d+) pages of {process} stay in quarantine\b"
DRIVER_KILLED = r"^process: virtio_blk0 was killed$"
CHURN_OK = r"^churn: churn: ops=\d+ writes=(?P<writes>\d+) reads=\d+ flushes=\d+ ok$"
CHARGES_AT_END = r"^end: nothing is charged to a process that has ended$"
PAGES_AT_END = r"^end: (?P<free>\d+) pages free, (?P<quarantined>\d+) in quarantine"
READER_ABANDONED = r"^reader: .*\bTN_EPEERGONE\b"
READER_QUARANTINED = r"^reader: .*\bTN_EQUARANTINED\b"
PROBE_OK = r"^probe: SELFTEST: device authority ok$"
PROBE_CASES = r"^probe: cases: (?P<cases>\d+)$"

# ---- a client that touches a buffer in flight (user/hostile/touch) ----
TOUCH_GUARD = r"^process: toucher started from bin/touch, guard (?P<guard>on|off)$"
TOUCH_FAULT = r"^fault: toucher: page fault, {access} of [0-9a-f]{16} \(not mapped\)"
TOUCHED_IN_FLIGHT = r"^fault: toucher: the page is in a buffer that it submitted and that has not come back$"
STILL_ALIVE = r"^toucher: touch: FAIL still alive$"
TOUCH_OK = r"^toucher: touch: ok$"

# ---- self-tests ----
SELFTEST_OK = r"^selftest_a: SELFTEST: dmabuffer ownership ok$"
SELFTEST_FAIL = r"^selftest_a: SELFTEST: dmabuffer ownership FAIL \S+="


def of(template, **words):
    """A template with its words put in."""
    result = template
    for key, word in words.items():
        result = result.replace("{" + key + "}", re.escape(word))
    return result

# edu
EDU_STARTED = r"^edu0: edu: version \d+\.\d+, DMA on$"
EDU_OK = r"^edu_check: SELFTEST: edu ok$"
NO_EDU = r"^start: edu0: no device 0 with id 1234:11e8 in this machine$"
STALE_ROUNDS = r"^stale_irq: stale_irq: rounds=(?P<rounds>\d+) before=(?P<before>\d+) after=(?P<after>\d+)$"
STALE_OK = r"^stale_irq: SELFTEST: stale interrupts ok$"
STALE_FAIL = r"^stale_irq: (?:SELFTEST: stale interrupts|stale_irq:) FAIL"

# audit
AUDIT = (
    r"^auditor: audit (?P<sequence>\d+) (?P<subject>\S+) action=(?P<action>\d+) kind=(?P<kind>\d+) generation=\d+ "
    r"status=(?P<status>\w+) reason=(?P<reason>\d+)$"
)
AUDIT_REFUSALS = r"^auditor: auditor: no room TN_ERANGE, too much TN_ERANGE, memory of nobody TN_EFAULT, without the log TN_ESTALE$"
AUDIT_LOST = r"^auditor: auditor: lost (?P<lost>\d+)$"

# machines
RAM = r"^memory: (?P<mib>\d+) MiB RAM, \d+ pages free$"
PARKED = r"^cpu: \d+ processors; one is used, (?P<parked>\d+) stay parked$"
PROTECTION = r"^cpu: NX, SMEP (?P<smep>on|absent), SMAP (?P<smap>on|absent), UMIP (?P<umip>on|absent)$"
MULTIBOOT2 = r"^boot: multiboot2, command line: manifest=read$"
STORM = r"^irq: vector \d+ storms \(MSI, entry 0\): 1024 interrupts without an acknowledgement, masked until one$"
STORM_OK = r"^irq_storm: SELFTEST: interrupt storm ok$"

# an interrupt at each step of its route
STEP_RAISED = r"^provoke: round (?P<round>\d+) raised (?P<raised>\d+) stale (?P<stale>\d+) at (?P<step>.+)$"
STEP_HEARD = (
    r"^irq_steps: irq_steps: round (?P<round>\d+) before (?P<before>\d+) old (?P<old>\d+) unasked (?P<unasked>\d+) "
    r"asked (?P<asked>\d+)$"
)
SLOW_WINDOW = r"^provoke: a slow window$"
SLOW_WAIT = r"^slow_bind: slow_bind: the wait ends with (?P<status>TN_\w+), (?P<when>before|at) its deadline$"
