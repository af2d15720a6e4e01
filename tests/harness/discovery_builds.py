# SPDX-License-Identifier: Apache-2.0
"""Builds of what finds the machine (kernel/firmware, kernel/pci) with one bug planted, for the host tests and the fuzzer.
Every build is of a copy; the tree is never written to."""

import os
import shutil
import subprocess
from dataclasses import dataclass

from harness import paths

FIRMWARE = [f"firmware/{n}.c" for n in ("acpi", "conflict", "dmar", "fadt", "hpet", "madt", "mcfg", "rsdp", "table")] + ["lib/text.c"]
PCI = [f"pci/{n}.c" for n in ("bar", "bridge", "capability", "group", "msix", "resource")]
FUZZ = ["-O1", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=undefined"]


@dataclass(frozen=True)
class Bug:
    """`old` (once in `file`) becomes `new`; `test` of tests/unit/`unit`.c must then fail, and the fuzzer find it if `fuzz`."""

    name: str
    file: str
    old: str
    new: str
    unit: str = ""
    test: str = ""
    fuzz: bool = False


BUGS = [
    Bug("checksum_is_not_looked_at", "firmware/table.c", "if (acpi_sum(table, length) != 0)", "if (0)",
        "test_acpi_tables", "the_header_is_checked_before_anything_else"),
    Bug("minimum_is_not_looked_at", "firmware/table.c", "if (length < minimum)", "if (0 && length < minimum)",
        "test_acpi_tables", "the_hpet_is_read_or_refused", fuzz=True),
    Bug("madt_entry_leaves_the_table", "firmware/madt.c", "bytes > length - at || ", "",
        "test_acpi_tables", "an_entry_of_a_madt_whose_length_lies_is_refused", fuzz=True),
    Bug("madt_keeps_one_too_many", "firmware/madt.c", "m->local_nmi_count == MADT_LOCAL_NMIS_MAX", "m->local_nmi_count > MADT_LOCAL_NMIS_MAX",
        "test_acpi_tables", "g6_a_madt_of_more_than_is_kept_is_cut_and_counted"),
    Bug("mcfg_wraps", "firmware/mcfg.c", "a.base >= PHYSICAL_LIMIT || mcfg_end(&a) > PHYSICAL_LIMIT", "0",
        "test_acpi", "allocations_that_make_no_sense_are_refused", fuzz=True),
    Bug("mcfg_over_ram", "firmware/acpi.c", "return a->is_memory(a->context, start, bytes) ?", "return 0 ?",
        "test_acpi", "registers_where_ram_is_are_refused"),
    Bug("registers_beyond_the_processor", "firmware/acpi.c", "if (start >= a->limit || bytes > a->limit - start)", "if (0)",
        "test_acpi", "registers_that_the_processor_cannot_address_are_refused"),
    Bug("bar_beyond_the_processor", "pci/resource.c", "if (!is_io(n->kind) && end > p->limit)", "if (0)",
        "test_pci_resource", "what_lies_beyond_the_processors_addresses_moves_or_has_no_place"),
    Bug("dmar_scope_leaves_its_structure", "firmware/dmar.c", "s.length > end - at || ", "",
        "test_dmar", "lengths_that_lie_are_refused", fuzz=True),
    Bug("dmar_path_is_not_bounded", "firmware/dmar.c", "if (steps > DMAR_PATH_MAX)", "if (0)",
        "test_dmar", "g6_a_dmar_beyond_a_limit_is_refused_as_a_whole", fuzz=True),
    Bug("dmar_refused_is_absent", "firmware/acpi.c", "info->dmar_refused = info->dmar_refused || ", "(void)",
        "test_acpi", "a_refused_dmar_is_not_an_absent_one"),
    Bug("unreadable_dmar_is_absent", "firmware/acpi.c", "status == TN_ENOENT;", "false;",
        "test_acpi_together", "g8_what_cannot_be_read_may_be_a_dmar"),
    Bug("first_of_two_dmars", "firmware/acpi.c", "if (info->has_dmar && info->dmar_refused)", "if (0)",
        "test_acpi_together", "g8_of_two_dmars_none_counts"),
    Bug("ecam_over_a_unit", "firmware/conflict.c", "d->type == DMAR_DRHD && ", "0 && ",
        "test_acpi_together", "g8_configuration_space_over_other_registers_is_refused"),
    Bug("io_apic_over_ecam", "firmware/acpi.c", "    if (madt_conflicts)", "    if (0)",
        "test_acpi_together", "an_io_apic_over_other_registers_is_refused"),
    Bug("fadt_port_beyond_65535", "firmware/fadt.c", "a.address >= PORTS", "0",
        "test_acpi_tables", "a_fadt_that_makes_no_sense_is_refused", fuzz=True),
    Bug("rsdp_checksum", "firmware/rsdp.c", 'return bytes_equal(bytes, "RSD PTR ", 8) && acpi_sum(bytes, RSDP_V1_BYTES) == 0;',
        'return bytes_equal(bytes, "RSD PTR ", 8);',
        "test_acpi", "the_rsdp_is_found_in_the_legacy_areas_by_its_checksum"),
    Bug("capability_loop", "pci/capability.c", "at < FIRST || seen >> place & 1", "at < FIRST",
        fuzz=True),
    Bug("bar_is_sized_while_it_decodes", "pci/bar.c", "command & ~(uint32_t)(PCI_COMMAND_IO | PCI_COMMAND_MEMORY)", "command",
        "test_pci_config", "every_kind_of_bar_is_sized_with_decoding_off_and_restored"),
    Bug("bar_is_not_restored", "pci/bar.c", "pci_write(a, bdf, at, 4, *now);", "",
        "test_pci_config", "every_kind_of_bar_is_sized_with_decoding_off_and_restored"),
    Bug("bar_of_a_strange_size", "pci/bar.c", "mask == 0 || (size & (size - 1)) != 0", "mask == 0",
        "test_pci_config", "a_bar_that_answers_as_none_can_is_refused", fuzz=True),
    Bug("msix_outside_its_bar", "pci/msix.c", "bytes <= bar[index].size - offset", "bytes > 0",
        "test_pci_config", "an_msix_table_outside_its_bar_is_refused"),
    Bug("overlap_is_not_a_fault", "pci/bridge.c", "if (are_apart(&f[i], &f[j]) || ", "if (1 || are_apart(&f[i], &f[j]) || ",
        "test_pci_bridge", "broken_bus_numbers_are_faulted"),
    Bug("parent_on_a_higher_bus", "pci/bridge.c", "pci_bus(f[i].bdf) >= bus || ", "",
        "test_pci_bridge", "a_loop_of_bridges_is_impossible"),
    Bug("acs_is_not_asked", "pci/group.c", "return !has(f, PCI_ACS_ISOLATES_PORT);", "return false;",
        "test_pci_group", "a_port_without_acs_joins_what_is_behind_it_and_behind_its_neighbours"),
    Bug("msix_stays_on", "pci/capability.c", "return disable(a, bdf, c->msix, PCI_MSIX_CONTROL, PCI_MSIX_CONTROL_ENABLE) || msi;",
        "return msi;", "test_pci_config", "g9_msix_that_firmware_left_on_goes_off"),
    Bug("translated_requests_go_direct", "pci/capability.c", "wanted &= ~(uint32_t)PCI_ACS_DIRECT_TRANSLATED;", "",
        "test_pci_config", "g8_who_says_that_its_addresses_are_translated_has_no_way_past_a_port"),
    Bug("functions_are_always_apart", "pci/group.c", "if (!has(&f[i], wanted_i) || !has(&f[j], wanted_j))", "if (0)",
        "test_pci_group", "functions_of_a_device_are_together_unless_both_redirect"),
    Bug("placed_over_ram", "pci/resource.c", "n->domain == 0 && i < p->taken_count", "0 && i < p->taken_count",
        "test_pci_resource", "what_lies_over_ram_or_registers_or_another_moves"),
    Bug("placed_over_a_neighbour", "pci/resource.c", "o != n && o->domain == n->domain &&", "0 && o->domain == n->domain &&",
        "test_pci_resource", "g6_a_plan_of_anything_has_no_overlap"),
]


def copy_with(bug, folder):
    """A copy of kernel/ in `folder`, with the bug (or none); its path."""
    root = os.path.join(folder, "kernel")
    shutil.copytree(os.path.join(paths.ROOT, "kernel"), root)
    if bug:
        path = os.path.join(root, bug.file)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        assert text.count(bug.old) == 1, f"{bug.name}: {bug.file} has {text.count(bug.old)} of {bug.old!r}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(bug.old, bug.new))
    return root


def build(compiler, root, sources, main, output, extra):
    words = [compiler, "-std=gnu17", "-g", "-w", f"-I{root}", f"-I{paths.ROOT}/include", f"-I{paths.ROOT}"]
    words += [f"-I{paths.ROOT}/tests/unit", main, *(os.path.join(root, s) for s in sources), "-o", output, *extra]
    subprocess.run(words, check=True)
    return output


def unit_test(bug, folder):
    """The bug's unit test on a kernel/ with the bug."""
    main = os.path.join(paths.ROOT, "tests", "unit", bug.unit + ".c")
    sources = PCI if bug.file.startswith("pci/") else FIRMWARE
    return build("gcc", copy_with(bug, folder), sources, main, os.path.join(folder, bug.unit), ["-O0", "-lcmocka"])


def fuzzer(bug, folder):
    main = os.path.join(paths.ROOT, "tests", "fuzz", "fuzz_discovery.c")
    return build("clang", copy_with(bug, folder), FIRMWARE + PCI, main, os.path.join(folder, "fuzz"), FUZZ)
