/* SPDX-License-Identifier: Apache-2.0 */
/* `mem` and `mmio`: what memory is used for, and who sees which registers. Amounts and offsets, never addresses (G5).
 */
#include <stddef.h>

#include "cap/pool.h"
#include "device/mmio.h"
#include "diag/command.h"
#include "mm/frame.h"
#include "mm/memory_map.h"
#include "pci/scan.h"
#include "proc/process.h"

static void row(struct command_call *call, const char *what, uint64_t pages)
{
    command_print(call, "%s: %lu pages", what, pages);
}

void command_mem_run(struct command_call *call)
{
    struct frame_counts frames = frames_count();
    uint64_t processes = 0, payload = 0, records = 0;
    for (uint32_t i = 0; i < process_count; i++)
        processes += process_table[i].ledger.used[TN_CHARGE_MEMORY_PAGES];
    for (uint32_t i = 0; i < POOLS_MAX; i++)
        if (pool_identity(i)->generation != 0) {
            payload += pool_pages(pool_at(i));
            records += pool_record_pages(pool_at(i));
        }
    command_print(call, "RAM %lu MiB, of it %lu MiB image and archive",
                  (memory_map_bytes(command_memory, MEMORY_RAM) + memory_map_bytes(command_memory, MEMORY_KERNEL)) >>
                      20,
                  memory_map_bytes(command_memory, MEMORY_KERNEL) >> 20);
    row(call, "managed", frames.total);
    row(call, "free", frames.free);
    row(call, "processes", processes);
    row(call, "DmaPools", payload);
    row(call, "in quarantine, of these", frames.quarantined);
    row(call, "records of DmaPools", records);
    row(call, "kernel", frames.total - frames.free - processes - payload - records);
}

void command_mmio_run(struct command_call *call)
{
    struct mmio_view v;
    uint32_t used = 0;
    for (uint32_t i = 0; i < MMIO_WINDOWS_MAX; i++)
        if (mmio_view(i, &v)) {
            command_print(call, "%s BAR%u offset %lx length %lx, holder %s", pci_name(v.function->bdf).text, v.bar,
                          v.offset, v.length, v.holder->name);
            used++;
        }
    command_print(call, "%u of %u windows in use", used, MMIO_WINDOWS_MAX);
}
