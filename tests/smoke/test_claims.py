# SPDX-License-Identifier: Apache-2.0
"""Claims that end while their holder lives, that pass to somebody else with reads at the device, and devices in quarantine that
an operator has tried again (rows F7, F8; G2, G3, G10)."""

import pytest

from harness import archive, disks, machine, markers, messages, paths, planted
from harness.disks import MiB

import qemu

GIVEN_UP = r"^device: \S+ was given up: silent, unclaimed: bus-master-off passed, "
BEHIND = ["-device", "pci-bridge,id=old,chassis_nr=9,addr=5"]
PORT = ["-device", "pcie-root-port,id=above,addr=3"]
BEHIND_PORT = {"bus": "above", "addr": "0"}


def run(folder, manifest, kernel, programs=None, **device):
    image = disks.Image(folder, 2 * MiB)
    m = machine.start(
        archive.build(folder, [manifest], changed=programs),
        f"manifest={manifest}",
        [image.disk(**qemu.OBEYS, **device)],
        extra=[*qemu.IOMMU, *PORT],
        kernel=kernel,
    )
    return m, m.wait_end(), image


def test_g3_a_device_is_given_up_with_reads_at_it_and_claimed_again(folder):
    m, status, image = run(folder, "passing", paths.CHECKED)
    assert status == qemu.EXIT_SUCCESS, m.text()[-3000:]
    assert m.find(messages.READ)["sha256"] == image.sha256()  # it did not notice
    assert markers.problems(m.lines, "passing") == []
    m.find(GIVEN_UP)
    assert m.find(messages.PAGES_AT_END)["quarantined"] == "0"


def test_g3_a_device_passes_to_another_driver_with_reads_at_it(folder):
    m, status, image = run(folder, "handing", paths.CHECKED)
    assert status == qemu.EXIT_SUCCESS, m.text()[-3000:]
    assert m.find(messages.READ)["sha256"] == image.sha256()
    assert markers.problems(m.lines, "handing") == []
    claims = m.find_all(r"^device: \S+ claimed by (\w+), DMA policy remapped-strict$")
    assert [match[1] for match in claims] == ["passer", "taker"]


def test_g2_a_driver_waits_for_the_reset_of_the_device_that_it_gives_up(folder):
    """Behind a port the disk has a reset of 100 ms: the answer comes long after the call has been taken."""
    m, status, image = run(folder, "passing", paths.CHECKED, **BEHIND_PORT)
    assert status == qemu.EXIT_SUCCESS, m.text()[-3000:]
    assert m.find(messages.READ)["sha256"] == image.sha256()
    m.find(r"^device: \S+ was given up: silent, unclaimed: bus-master-off passed, .*, reset passed, no-transactions passed, ")


def test_twin_g2_a_driver_that_does_not_wait_for_it_ends(folder):
    impatient = planted.program(folder, "lib/ring.c", {"while (!call.answered)": "if (0)"}, "passing_driver")
    m, status, _ = run(folder, "passing", paths.CHECKED, impatient, **BEHIND_PORT)
    assert status == qemu.EXIT_JOB_FAILED
    m.find(r"^process: passer was ended by exception 6$")


def moved(folder, words="", kernel=paths.CHECKED, timeout=machine.DEFAULT_TIMEOUT, bridges=(), places=({}, {})):
    """A driver that goes on with a second disk, of the same content."""
    one, two = disks.Image(folder, 2 * MiB), disks.Image(folder, 2 * MiB, "second.img")
    m = machine.start(
        archive.build(folder, ["moving"]),
        f"manifest=moving {words}",
        [one.disk(**qemu.OBEYS, **places[0]), two.disk(**qemu.OBEYS, **places[1])],
        extra=[*qemu.IOMMU, *bridges],
        kernel=kernel,
        timeout=timeout,
    )
    return m, m.wait_end(), one


@pytest.mark.parametrize("words", ["", "args.passer=other=1,early=1"])
def test_g2_a_driver_goes_on_with_another_device_of_its_entry(words, folder):
    """Also with one that it claims before the first one is silent: nothing of its clients waits for ever."""
    m, status, image = moved(folder, words)
    assert status == qemu.EXIT_SUCCESS, m.text()[-3000:]
    assert m.find(messages.READ)["sha256"] == image.sha256()
    claims = m.find_all(r"^device: (\S+) claimed by passer, DMA policy remapped-strict$")
    assert [match[1] for match in claims] == ["00:04.0", "00:05.0"]
    m.find(messages.CHARGES_AT_END)


def test_twin_g2_a_service_whose_next_device_came_too_early_waits_for_ever(folder):
    kernel = planted.kernel(folder, "device/device_end.c", {"if (holder && process_is_live(holder))": "if (false)"})
    with pytest.raises(machine.MachineTimeout):
        moved(folder, "args.passer=other=1,early=1", kernel, timeout=5)


def beside_a_reset(folder, kernel=paths.CHECKED):
    """In which order: the second disk is claimed, the first one's bus is reset."""
    bridges = [*BEHIND, "-device", "pci-bridge,id=other,chassis_nr=10,addr=6"]
    places = ({"bus": "old", "addr": "1"}, {"bus": "other", "addr": "1"})
    m, status, _ = moved(folder, "args.passer=other=1,early=2", kernel, bridges=bridges, places=places)
    assert status == qemu.EXIT_SUCCESS, m.text()[-3000:]
    steps = m.find_all(r"^device: (02:01.0 claimed by passer|01:01.0: reset by secondary bus)")
    return [match[1] for match in steps]


def test_g11_a_bus_in_reset_holds_up_nobody_on_another_bus(folder):
    assert beside_a_reset(folder) == ["02:01.0 claimed by passer", "01:01.0: reset by secondary bus"]


def test_twin_g11_a_bus_in_reset_that_holds_up_everybody_is_noticed(folder):
    kernel = planted.kernel(
        folder,
        "device/device.c",
        {"pci_is_behind(f, (uint32_t)(device->function - f), (uint32_t)(reset->bridge - f))": "f && device"},
        image="tenure-checked.elf",
    )
    assert beside_a_reset(folder, kernel) == ["01:01.0: reset by secondary bus", "02:01.0 claimed by passer"]


def withheld(folder, kernel=paths.CHECKED):
    """The first device of the driver goes into quarantine with four reads; the second disk holds one byte, everywhere."""
    disk, group = disks.throttled(disks.Image(folder, 8 * MiB), operations_per_second=1, bus="old", addr="1")
    other = disks.Image(folder, 8 * MiB, "other.img", content=bytes([90]) * (8 * MiB))
    m = machine.start(
        archive.build(folder, ["withheld"]),
        "manifest=withheld",
        [disk, other.disk(addr="8")],
        extra=[*BEHIND, *group, "-device", "edu,bus=old,addr=2"],
        kernel=kernel,
    )
    return m, m.wait_end()


def test_g10_a_pool_with_something_in_quarantine_is_for_no_other_device(folder):
    m, status = withheld(folder)
    assert status == qemu.EXIT_SUCCESS, m.text()[-3000:]
    assert markers.problems(m.lines, "withheld") == []
    m.find(r"^pool: \d+ pages of reader stay in quarantine\b")


def test_twin_g10_a_pool_that_keeps_its_old_names_is_noticed(folder):
    kernel = planted.kernel(
        folder,
        "cap/pool_end.c",
        {"pool->is_withheld = pool->core.quarantined != 0 || !end_reach(pool);": "continue;"},
        image="tenure-checked.elf",
    )
    m, status = withheld(folder, kernel)
    assert status == qemu.EXIT_JOB_FAILED
    m.find(r"^reader: case withheld: FAIL got=TN_OK want=TN_EQUARANTINED$")


BEGIN = "    services_device_stopped(device);\n    silence_begin(&device->silence, device, clock_now());"


def waiting(folder, changes=None, timeout=30):
    """The same, with requests that wait meanwhile: the first disk takes half a second, and gives no evidence."""
    kernel = planted.kernel(
        folder,
        "device/device_end.c",
        {
            BEGIN: BEGIN + "\n    device->silence.until += device->function->bdf >> 3 == 9 ? 500000000 : 0;",
            "bool suffices = evidence_suffices(evidence, device->word_frees);": "bool suffices = device->function->bdf >> 3 != 9;",
            **(changes or {}),
        },
        image="tenure-checked.elf",
    )
    disk, group = disks.throttled(disks.Image(folder, 8 * MiB), operations_per_second=1, addr="9", **qemu.OBEYS)
    other = disks.Image(folder, 8 * MiB, "other.img", content=bytes([90]) * (8 * MiB))
    m = machine.start(
        archive.build(folder, ["withheld"]),
        "manifest=withheld args.reader=filled=90,queued=1",
        [disk, other.disk(addr="8", **qemu.OBEYS)],
        extra=[*qemu.IOMMU, *group, "-device", "edu,addr=10"],
        kernel=kernel,
        timeout=timeout,
    )
    return m, m.wait_end()


def test_g10_requests_that_wait_with_a_withheld_pool_reach_no_other_device(folder):
    m, status = waiting(folder)
    assert status == qemu.EXIT_SUCCESS, m.text()[-3000:]
    assert markers.problems(m.lines, "withheld") == []


def test_twin_g10_requests_that_go_on_with_a_withheld_pool_are_noticed(folder):
    """The other device is handed addresses that the pool does not have there: the IOMMU refuses them."""
    m, status = waiting(
        folder, {"if (pools_device_ended(device))\n        services_end_withheld();": "(void)pools_device_ended(device);"}
    )
    assert status == qemu.EXIT_JOB_FAILED
    m.find(r"^reader: case withheld: FAIL ")


def test_twin_g3_a_device_whose_generation_stays_is_noticed(folder):
    kernel = planted.kernel(folder, "device/device_end.c", {"    device->identity.generation++; /* every": "    /* every"})
    m, _, _ = run(folder, "passing", kernel)
    assert markers.problems(m.lines, "passing")


# ---- quarantine ----


def with_neighbour(folder, changes=None, kernel=None):
    """A conventional bus: a disk that takes long, and a neighbour. No IOMMU, no reset of their own."""
    disk, group = disks.throttled(disks.Image(folder, 8 * MiB), operations_per_second=1, bus="old", addr="1")
    changed = archive.variant(folder, "retry", changes) if changes else None
    m = machine.start(
        archive.build(folder, ["retry"], changed=changed),
        "manifest=retry",
        [disk],
        extra=[*BEHIND, *group, "-device", "edu,bus=old,addr=2"],
        typed=True,
        kernel=kernel or paths.KERNEL,
    )
    m.wait_for(messages.PROMPT_SHELL)
    m.wait_for(r"^virtio_blk0: virtio-blk: ")
    m.wait_for(messages.PROGRESS)  # one operation was let through; the next is at the disk for a second
    return m


def disk_of(m):
    return m.find(r"^device: (?P<bdf>\S+) claimed by virtio_blk0, DMA policy trusted\b")["bdf"]


def test_g10_a_device_in_quarantine_is_tried_again_and_comes_back_with_its_pages(folder):
    m = with_neighbour(folder)
    bdf = disk_of(m)
    m.write("kill virtio_blk0\n")
    lost = m.wait_for(messages.DRIVER_LOST)
    assert "device-word passed" in lost["evidence"] and "reset n/a" in lost["evidence"]
    m.wait_for(r"^process: reader exited with status [1-9]")
    m.wait_for(r"^pool: \d+ pages of reader stay in quarantine\b")
    m.write(f"restart virtio_blk0\nretry 00:1f.0\nretry nowhere\nretry {bdf}\n")
    m.wait_for(r"^restart: virtio_blk0: TN_EQUARANTINED$")  # it is handed to nobody
    m.wait_for(r"^retry: 00:1f\.0 is not in quarantine: unclaimed$")
    m.wait_for(r'^retry: there is no device "nowhere"; `dma` lists them$')
    m.wait_for(rf"^device: {bdf} was tried again: in quarantine until it is silent: ")  # the neighbour is still there
    m.lacks(r"^pool: .* are out of quarantine$")
    m.write("kill neighbour\n")
    m.wait_for(r"^device: \S+ lost its driver: silent, unclaimed: .*\breset passed\b")
    m.write(f"retry {bdf}\n")
    m.wait_for(rf"^device: {bdf} was tried again: silent, unclaimed: bus-master-off passed, never-on n/a, reset passed, ")
    m.write("restart virtio_blk0\n")
    m.wait_for(r"^process: virtio_blk0 started\b")
    m.write("exit\n")
    assert m.wait_end() == qemu.EXIT_SUCCESS
    stay = sum(int(match[1]) for match in m.find_all(r"^pool: (\d+) pages of \w+ stay in quarantine\b"))
    back = sum(int(match[1]) for match in m.find_all(r"^pool: (\d+) pages of \w+ are out of quarantine$"))
    assert stay == back > 0
    assert m.find(messages.PAGES_AT_END)["quarantined"] == "0"
    m.find(messages.CHARGES_AT_END)


def given_up_and_not_silent(folder, kernel=paths.CHECKED):
    """A driver that lives on, without any use of what it had for its device."""
    disk, group = disks.throttled(disks.Image(folder, 8 * MiB), operations_per_second=20, bus="old", addr="1")
    extra = [*BEHIND, *group, "-device", "edu,bus=old,addr=2"]
    changed = archive.variant(folder, "retry", {'image = "virtio_blk"': 'image = "passing_driver"\nargs = "again=0"'})
    m = machine.start(
        archive.build(folder, ["retry"], changed=changed), "manifest=retry", [disk], extra=extra, typed=True, kernel=kernel
    )
    m.wait_for(r"^device: \S+ was given up: in quarantine until it is silent: ")
    m.wait_for(r"^pool: \d+ pages of virtio_blk0 stay in quarantine\b")
    m.wait_for(r"^virtio_blk0: SELFTEST: passed device FAIL\b")  # the answers differ, and nothing is to be had
    return m


def test_g10_a_device_that_is_given_up_and_not_silent_takes_its_memory_along(folder):
    m = given_up_and_not_silent(folder)
    m.write("ledger\nexit\n")
    m.wait_for(r"^the ledgers and the objects agree$")
    assert m.wait_end() == qemu.EXIT_SUCCESS
    for case in ("device", "bus_master", "window", "interrupt", "interrupt_release", "request"):
        assert m.find_all(rf"^virtio_blk0: case {case}: ok$"), case
    m.find(r"^virtio_blk0: case pool_release: FAIL got=TN_EQUARANTINED want=TN_ESTALE$")


def names_paid_for_after_a_retry(folder, kernel=paths.CHECKED):
    """What the driver still pays for once its pools, and its client's, are out of quarantine: before and after."""
    m = given_up_and_not_silent(folder, kernel)
    m.write("ledger\nkill neighbour\n")
    m.wait_for(r"^device: \S+ lost its driver: silent, unclaimed: .*\breset passed\b")
    m.write(f"retry {disk_of(m)}\n")
    m.wait_for(r"^device: \S+ was tried again: silent, unclaimed: ")
    m.write("ledger\nexit\n")
    assert m.wait_end() == qemu.EXIT_SUCCESS
    m.find(r"^the ledgers and the objects agree$")
    names = [int(match[1]) for match in m.find_all(r"^virtio_blk0 cap_slots: (\d+) of ")]
    payload = [int(match[1]) for match in m.find_all(r"^virtio_blk0 pool_bytes: (\d+) of ")]
    pools = len(m.find_all(r"^pool: \d+ pages of \w+ are out of quarantine$"))
    assert pools > 0 and payload[0] > payload[1] == 0
    return names, pools


def test_g6_the_names_of_pools_that_leave_quarantine_are_paid_for_no_more(folder):
    """Its own pools' names, and the one by which it knew its client's."""
    names, pools = names_paid_for_after_a_retry(folder)
    assert names[0] - names[1] == pools


def test_twin_g6_names_that_stay_are_noticed(folder):
    kernel = planted.kernel(
        folder, "cap/pool_end.c", {"    caps_forget_ended_soon();": "   "}, "tenure-checked.elf"
    )
    names, _ = names_paid_for_after_a_retry(folder, kernel)
    assert names[0] == names[1]


def without_a_reset(folder, kernel=paths.CHECKED):
    """The end of a claim of QEMU's e1000e: it says that it forgets its state on the way from D3hot to D0, and keeps all of it."""
    changed = archive.variant(folder, "retry", {'id = "1234:11e8"': 'id = "8086:10d3"'})
    m = machine.start(
        archive.build(folder, ["retry"], changed=changed),
        "manifest=retry",
        [disks.Image(folder, MiB).disk(**qemu.OBEYS)],
        extra=[*qemu.IOMMU, "-device", "e1000e,addr=9"],
        typed=True,
        kernel=kernel,
    )
    m.wait_for(messages.PROMPT_SHELL)
    m.write("kill neighbour\n")
    return m, m.wait_for(r"^device: 00:09\.0 lost its driver: (?P<end>.+): bus-master-off passed, never-on passed, reset (?P<reset>\w+),")


def test_g10_a_device_that_a_reset_does_not_change_was_not_reset(folder):
    m, lost = without_a_reset(folder)
    m.find(r"^device: 00:09\.0: reset by D3hot to D0: failed$")
    assert (lost["end"], lost["reset"]) == ("in quarantine until it is silent", "failed")


def test_twin_g10_a_kernel_that_takes_the_motions_for_a_reset(folder):
    kernel = planted.kernel(folder, "pci/reset.c", {"PCI_COMMAND, 2) & r->forgets) == 0": "PCI_COMMAND, 2) & r->forgets) != 1"})
    _, lost = without_a_reset(folder, kernel)
    assert (lost["end"], lost["reset"]) == ("silent, unclaimed", "passed")


ON_THE_BUS = 'class = "virtio-blk"\npolicy = "trusted"'
NEIGHBOUR = """image = "supervisor"
supervisor = true
[process.budget]
memory_pages = 64
cap_slots = 16
sq_entries = 16
cq_entries = 16
[[process.device]]
id = "1234:11e8"
policy = "blocked"
"""
SECOND_DRIVER = """image = "virtio_blk"
supervisor = true # somebody must be; the console does it
serves = "blk1"
[process.budget]
pool_bytes = "256 KiB"
mmio_bytes = "64 KiB"
memory_pages = 256
buffers = 16
interrupts = 2
cap_slots = 64
sq_entries = 256
cq_entries = 512
[[process.device]]
class = "virtio-blk"
index = 1
policy = "trusted"
"""


def two_on_a_bus(folder, changes, kernel=paths.CHECKED):
    one, group = disks.throttled(disks.Image(folder, 8 * MiB), operations_per_second=20, bus="old", addr="1")
    two = disks.Image(folder, 2 * MiB, "second.img").disk(bus="old", addr="2")
    m = machine.start(
        archive.build(folder, ["retry"], changed=archive.variant(folder, "retry", changes)),
        "manifest=retry",
        [one, two],
        extra=[*BEHIND, *group, "-device", "edu,addr=9"],
        typed=True,
        kernel=kernel,
    )
    m.wait_for(messages.PROMPT_SHELL)
    m.wait_for(messages.DRIVER_UP)
    m.wait_for(messages.PROGRESS)
    return m


def test_g10_two_devices_of_one_driver_are_reset_with_their_bus(folder):
    """Each is who keeps the other's bus from being reset, but they end together."""
    m = two_on_a_bus(folder, {ON_THE_BUS: f"{ON_THE_BUS}\n[[process.device]]\n{ON_THE_BUS}\nindex = 1"})
    m.write("kill virtio_blk0\n")
    m.wait_until(lambda: len(m.find_all(r"lost its driver: silent, unclaimed: .*\breset passed\b")) == 2, "silence of both")
    m.write("restart virtio_blk0\nexit\n")
    assert m.wait_end() == qemu.EXIT_SUCCESS
    m.lacks(r"in quarantine until")
    assert m.find(messages.PAGES_AT_END)["quarantined"] == "0"


def two_drivers(folder, kernel=paths.CHECKED):
    """Two drivers on one bus. The second one's end leaves its disk in quarantine; after the first one's, both are reset."""
    m = two_on_a_bus(folder, {NEIGHBOUR: SECOND_DRIVER}, kernel)
    bdf = m.wait_for(r"^device: (?P<bdf>\S+) claimed by neighbour, DMA policy trusted\b")["bdf"]
    m.wait_for(r"^neighbour: virtio-blk: ")
    m.write("kill neighbour\n")
    m.wait_for(r"lost its driver: in quarantine until")
    m.write("kill virtio_blk0\n")
    m.wait_for(r"lost its driver: silent, unclaimed: .*\breset passed\b")
    m.write(f"retry {bdf}\n")
    return m


def test_g10_whoever_was_reset_with_a_bus_has_its_registers_back(folder):
    m = two_drivers(folder)
    m.wait_for(r"^device: \S+ was tried again: silent, unclaimed: .*\breset passed\b")
    m.write("restart virtio_blk0\n")
    m.wait_until(lambda: len(m.find_all(messages.DRIVER_UP)) == 2, "the first driver again")
    m.write("exit\n")
    assert m.wait_end() == qemu.EXIT_SUCCESS
    assert m.find(messages.PAGES_AT_END)["quarantined"] == "0"


def test_twin_g10_registers_that_a_bus_reset_took_are_missed(folder):
    kernel = planted.kernel(folder, "pci/reset.c", {"if (&r->machine[i] != r->function &&": "if (false &&"})
    m = two_drivers(folder, kernel)
    m.wait_for(r"^device: \S+ was tried again: in quarantine until .*\bdevice-word failed\b")
    m.kill()


def retried_in_a_reset(folder, kernel=paths.CHECKED):
    """The same, but the second disk is tried again at once, while the bus is being reset for the first one."""
    m = two_on_a_bus(folder, {NEIGHBOUR: SECOND_DRIVER}, kernel)
    bdf = m.wait_for(r"^device: (?P<bdf>\S+) claimed by neighbour, DMA policy trusted\b")["bdf"]
    m.wait_for(r"^neighbour: virtio-blk: ")
    m.write("kill neighbour\n")
    m.wait_for(r"lost its driver: in quarantine until")
    m.write(f"kill virtio_blk0\nretry {bdf}\n")
    m.wait_for(r"lost its driver: silent, unclaimed: .*\breset passed\b")
    return m, bdf


RETRIED_TOO_EARLY = r"^retry: \S+: its bus is being reset for another device; ask again$"


def test_g10_a_device_is_asked_for_evidence_only_when_its_bus_is_out_of_reset(folder):
    m, bdf = retried_in_a_reset(folder)
    m.find(RETRIED_TOO_EARLY)
    m.lacks(r"was tried again")
    m.write(f"retry {bdf}\n")
    m.wait_for(r"^device: \S+ was tried again: silent, unclaimed: .*\breset passed\b")
    m.write("exit\n")
    assert m.wait_end() == qemu.EXIT_SUCCESS
    assert m.find(messages.PAGES_AT_END)["quarantined"] == "0"


def test_twin_g10_one_that_is_asked_in_the_middle_is_noticed(folder):
    changes = {"device_is_in_bus_reset(device) ?": "false ?"}
    m, _ = retried_in_a_reset(folder, planted.kernel(folder, "device/device_end.c", changes))
    m.wait_for(r"was tried again")
    m.lacks(RETRIED_TOO_EARLY)


def test_g10_the_word_of_a_device_frees_its_pages_only_if_the_manifest_says_so(folder):
    m = with_neighbour(folder, {'class = "virtio-blk"': 'class = "virtio-blk"\ndevice_word = true'})
    m.write("kill virtio_blk0\nexit\n")
    m.wait_for(r"^device: \S+ lost its driver: silent by its word, unclaimed: .*\bdevice-word passed\b")
    assert m.wait_end() == qemu.EXIT_SUCCESS
    assert m.find(messages.PAGES_AT_END)["quarantined"] == "0"


def test_twin_g10_a_bus_that_is_reset_under_its_neighbour_is_noticed(folder):
    kernel = planted.kernel(
        folder,
        "device/silence.c",
        {"return d->state == TN_DEVICE_UNCLAIMED ||": "return true || d->state == TN_DEVICE_UNCLAIMED ||"},
    )
    m = with_neighbour(folder, kernel=kernel)
    m.write("kill virtio_blk0\nexit\n")
    m.wait_for(r"^device: \S+ lost its driver: silent, unclaimed: .*\breset passed\b")
