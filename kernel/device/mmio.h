/* SPDX-License-Identifier: Apache-2.0 */
/* DeviceMmio windows of claimed devices; see mmio.c. */
#ifndef TENURE_KERNEL_DEVICE_MMIO_H
#define TENURE_KERNEL_DEVICE_MMIO_H

#include <stdbool.h>
#include <stdint.h>

#include <core/cap.h>
#include <tenure/abi/manifest.h>
#include <tenure/abi/status.h>

struct device;
struct pci_function;
struct process;

enum {
    MMIO_WINDOWS_PER_OWNER = 16, /* so that no owner takes another one's share of the table */
    MMIO_WINDOWS_MAX = MMIO_WINDOWS_PER_OWNER * TN_MANIFEST_PROCESSES_MAX,
};

void mmio_init(void);
/* Maps a window for the device's holder. TN_ENOENT: no such memory BAR, or firmware gave it no address. TN_EINVAL: not
 * whole pages. TN_ERANGE: outside the BAR. TN_EDENIED: pages of the MSI-X table or PBA, or shared with other registers.
 * TN_EBUDGET (also: MMIO_WINDOWS_PER_OWNER), TN_EEXHAUSTED. */
TN_MUST_CHECK enum tn_status mmio_map(struct device *device, uint32_t bar, uint64_t offset, uint64_t length,
                                      uint32_t *window, uint64_t *address);
/* NULL: no such live window. */
const struct tn_identity *mmio_identity(uint32_t window);
void mmio_release(uint32_t window);
/* Ends all windows of a device; the device manager calls it, and holds its lock. */
void mmio_release_device(const struct device *device);

/* ---- what the console shows ---- */

struct mmio_view {
    const struct device *device;
    const struct pci_function *function;
    const struct process *holder;
    uint32_t bar;
    uint64_t offset;
    uint64_t length;
};
/* Window `window` (below MMIO_WINDOWS_MAX) if it is mapped; false for the others. */
bool mmio_view(uint32_t window, struct mmio_view *view);

#endif
