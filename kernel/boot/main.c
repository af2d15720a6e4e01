/* SPDX-License-Identifier: Apache-2.0 */
/* From the first C line to the first process. Each step says what it found; the order is the reason of each comment. */
#include <stddef.h>

#include "arch/x86_64/clock.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/lapic.h"
#include "boot/command_line.h"
#include "boot/firmware.h"
#include "boot/handover.h"
#include "boot/multiboot2.h"
#include "cap/core_check.h"
#include "cap/pool.h"
#include "device/device.h"
#include "device/mmio.h"
#include "diag/command.h"
#include "diag/console.h"
#include "diag/input.h"
#include "diag/log.h"
#include "diag/panic.h"
#ifdef TN_PROVOKE
#include "diag/provoke.h"
#include "diag/provoke_fail.h"
#include "diag/provoke_generations.h"
#include "diag/provoke_irq.h"
#include "diag/provoke_kill.h"
#include "diag/provoke_pci.h"
#endif
#include "diag/serial.h"
#include "iommu/iommu.h"
#include "irq/route.h"
#include "irq/source.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/space.h"
#include "pci/scan.h"
#include "proc/archive.h"
#include "proc/manifest.h"
#include "proc/process.h"
#include "proc/sched.h"
#include <tn_format.h>

_Noreturn void kernel_main(uint64_t handover, uint32_t magic);

enum { LINE_SHOWN = 100 }; /* of a value that is too long */

static struct boot_info boot;
static struct acpi_info acpi;

/* One processor runs this kernel. The others stay where firmware left them: nobody sends them the interrupts that start
 * a processor. */
static void report_processors(void)
{
    uint32_t enabled = 0;
    for (uint32_t i = 0; acpi.has_madt && i < acpi.madt.cpu_count; i++)
        enabled += (acpi.madt.cpu[i].flags & MADT_CPU_ENABLED) != 0;
    if (enabled > 1)
        log_line("cpu: %u processors; one is used, %u stay parked", enabled, enabled - 1);
}

static void init_memory(void)
{
    if (frames_init(&boot.memory) != TN_OK)
        panic("memory: no RAM for the frame bitmap");
    kernel_space_init(&boot.memory);
    for (uint32_t i = 0; i < boot.memory.count; i++)
        log_line("memory: %016lx to %016lx %s", boot.memory.range[i].start, boot.memory.range[i].end,
                 memory_type_name(boot.memory.range[i].type));
    struct frame_counts frames = frames_count();
    log_line("memory: %lu MiB RAM, %lu pages free", memory_map_bytes(&boot.memory, MEMORY_RAM) >> 20, frames.free);
}

static _Noreturn void fail(void)
{
    log_line("MARK boot: end status=1");
    machine_end(END_FAILURE);
}

/* The manifest that the command line names, out of a whole archive. Ends the run if there is none. */
static const struct tn_manifest *find_manifest(const struct archive *archive)
{
    char name[TN_NAME_MAX], path[TN_NAME_MAX + 16];
    struct archive_error broken;
    struct archive_file file;
    const struct tn_manifest *manifest;
    struct manifest_error error;
    /* aligned for its 64-bit fields; the archive aligns to 4 */
    static _Alignas(8)
        uint8_t copy[sizeof(struct tn_manifest) + TN_MANIFEST_PROCESSES_MAX * sizeof(struct tn_manifest_process)];
    if (archive->bytes == 0) {
        log_line("archive: the loader gave none (-initrd build/initrd.cpio)");
        fail();
    }
    if (archive_check(archive, &broken) != TN_OK) {
        log_line("archive: broken at offset %lu of %lu: %s", broken.offset, archive->bytes, broken.what);
        fail();
    }
    const char *told;
    size_t told_bytes;
    if (!command_line_find("manifest", &told, &told_bytes)) {
        log_line("manifest: the command line names none (manifest=NAME, at most %u characters)", TN_NAME_MAX - 1);
        fail();
    }
    if (!command_line_value("manifest", name, sizeof name)) {
        log_line("manifest: %.*s has %lu characters, at most %u",
                 (int)(told_bytes < LINE_SHOWN ? told_bytes : LINE_SHOWN), told, told_bytes, TN_NAME_MAX - 1);
        fail();
    }
    tn_format(path, sizeof path, "manifest/%s.bin", name);
    if (archive_find(archive, path, &file) != TN_OK) {
        log_line("manifest: %s is not in the archive", path);
        fail();
    }
    if (file.bytes > sizeof copy) {
        log_line("manifest: %s: %lu bytes, at most %lu", path, file.bytes, sizeof copy);
        fail();
    }
    memcpy(copy, file.data, file.bytes);
    if (manifest_read(copy, file.bytes, &manifest, &error) != TN_OK) {
        log_line("manifest: %s%s%s: %s %lu", path, error.process ? ": process " : "",
                 error.process ? error.process : "", error.what, error.value);
        fail();
    }
    log_line("manifest: %s, %u processes", manifest->name, manifest->process_count);
    return manifest;
}

/* Does a process of the manifest read the console? */
static bool wants_input(const struct tn_manifest *manifest)
{
    for (uint32_t i = 0; i < manifest->process_count; i++)
        if (manifest->process[i].flags & TN_PROCESS_CONSOLE)
            return true;
    return false;
}

_Noreturn void kernel_main(uint64_t handover, uint32_t magic)
{
    serial_init();
    if (magic == MULTIBOOT2_MAGIC)
        serial_write("\n", 1); /* GRUB leaves the cursor in the middle of a line */
    log_line("MARK boot: kernel entry");
    cpu_init_tables(); /* exceptions are readable from here on */
    cpu_init_protection();
    clock_init();
    boot_read(handover, magic, &boot);
    log_line("boot: %s, command line: %s", boot.protocol, command_line());
#ifdef TN_TWIN
    log_line("boot: negative twin: guarantees are switched off in this build");
#endif
    command_line_check();
    firmware_read(&boot.memory, &boot.firmware, &acpi);
    report_processors();
#ifdef TN_PROVOKE
    provoke_pci_from_command_line();
#endif
    pci_silence(&acpi); /* before any frame gets an owner: firmware's devices stop writing */
    init_memory();
    log_line("MARK boot: memory");
    lapic_init();
    clock_calibrate_timer();
#ifdef TN_PROVOKE
    provoke_from_command_line();
    provoke_irq_from_command_line();
    provoke_kill_from_command_line();
    provoke_fail_from_command_line();
    provoke_generations_from_command_line();
#endif
    pci_scan(&acpi, &boot.memory);
    iommu_init(&acpi, &boot.memory); /* before any message is programmed, and while no device may write */
    iommu_set_fault_vector(VECTOR_IOMMU, lapic_id());
    irq_sources_init(&acpi);
    irq_sources_report();
    log_line("MARK boot: pci");
    core_check();
    route_init();
    mmio_init();
    pool_init();
    device_init();
    command_set_machine(&acpi, &boot.memory);
    if (command_line_has("diag"))
        console_early();
    struct archive archive = {phys_to_virt(boot.archive_physical), boot.archive_bytes};
    const struct tn_manifest *manifest = find_manifest(&archive);
    if (wants_input(manifest))
        input_open();
    if (!process_start_all(&archive, manifest))
        fail();
    log_line("MARK boot: first user");
    struct tn_frame *frame = sched_next();
    TN_COUNT_MARK(11);
    enter_user(frame);
}
