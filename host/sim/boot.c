/* SPDX-License-Identifier: Apache-2.0 */
/* See boot.h. Firmware says where memory and configuration space are; nobody types, and nobody runs commands. */
#include "boot.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86_64/lapic.h"
#include "boot/command_line.h"
#include "cap/pool.h"
#include "device/device.h"
#include "device/mmio.h"
#include "diag/command.h"
#include "diag/input.h"
#include "diag/log.h"
#include "diag/panic.h"
#include "diag/serial.h"
#include "firmware/acpi.h"
#include "irq/kinds.h"
#include "irq/route.h"
#include "irq/source.h"
#include "machine.h"
#include "mm/frame.h"
#include "pci/scan.h"
#include "proc/archive.h"
#include "proc/manifest.h"
#include "proc/process.h"
#include <tn_format.h>

bool log_is_quiet;

/* ---- the log ---- */

static struct {
    char *text;
    size_t bytes;
} said;

void serial_write_line(const char *text, size_t n)
{
    char *more = realloc(said.text, said.bytes + n + 1);
    if (!more)
        abort();
    said.text = more;
    memcpy(said.text + said.bytes, text, n);
    said.bytes += n;
    said.text[said.bytes] = '\0';
    if (!log_is_quiet)
        fwrite(text, 1, n, stderr);
}

uint64_t machine_said_times(const char *text)
{
    uint64_t times = 0;
    for (const char *line = said.text; line && *line; line = strchr(line, '\n') + 1) {
        const char *found = strstr(line, text);
        if (!found)
            break;
        times++;
        line = found;
    }
    return times;
}

bool machine_said(const char *text)
{
    return machine_said_times(text) != 0;
}

void panic(const char *format, ...)
{
    char line[LOG_LINE];
    va_list args;
    va_start(args, format);
    (void)tn_format_v(line, sizeof line, format, args);
    va_end(args);
    log_is_quiet = false;
    log_line("panic: %s", line);
    machine_end(END_PANIC);
}

/* ---- what is not there ---- */

const struct irq_source_operations ioapic_operations;

bool ioapic_has_isa(uint32_t irq, uint32_t *gsi)
{
    (void)irq, (void)gsi;
    return false;
}

void ioapic_init(const struct acpi_info *acpi)
{
    (void)acpi;
}

enum tn_status input_wait(const struct input_request *request)
{
    (void)request;
    return TN_ENOTSUP;
}

uint32_t input_routes(void)
{
    return 0;
}

void input_reader_ended(const struct process *process)
{
    (void)process;
}

void command_run(const char *line, struct command_call *call)
{
    (void)call;
    log_line("there are no commands on this machine: %s", line);
}

bool command_is_paged(void)
{
    return false;
}

/* ---- power-on ---- */

static const struct tn_manifest *read_manifest(const char *path)
{
    static _Alignas(8)
        uint8_t bytes[sizeof(struct tn_manifest) + TN_MANIFEST_PROCESSES_MAX * sizeof(struct tn_manifest_process)];
    const struct tn_manifest *manifest;
    struct manifest_error error;
    FILE *file = fopen(path, "rb");
    size_t n = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file)
        fclose(file);
    if (manifest_read(bytes, n, &manifest, &error) != TN_OK)
        panic("manifest: %s: %s %lu", path, error.what, error.value);
    return manifest;
}

void boot(const struct machine_plan *plan)
{
    static struct acpi_info acpi = {
        .has_mcfg = true,
        .mcfg = {.count = 1, .allocation = {{.base = MACHINE_ECAM, .first_bus = 0, .last_bus = MACHINE_BUSES - 1}}},
    };
    struct memory_map map = {0};
    if (!command_line_set(plan->words ? plan->words : "", SIZE_MAX) ||
        memory_map_add(&map, UINT64_C(1) << 20, MACHINE_RAM_BYTES - (1 << 20), MEMORY_RAM) != TN_OK)
        panic("sim: the command line or the memory map is refused");
    pci_silence(&acpi);
    if (frames_init(&map) != TN_OK)
        panic("sim: no frames");
    pci_scan(&acpi, &map);
    irq_sources_init(&acpi);
    irq_sources_report();
    route_init();
    mmio_init();
    pool_init();
    device_init();
    if (!process_start_all(&(struct archive){0}, read_manifest(plan->manifest)))
        machine_end(END_FAILURE);
}
