/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCI functions of the simulated machine: configuration space, BARs, messages, and the way to memory. What a function
 * is beyond that is its model's (virtio_blk.h, edu.h).
 */
#ifndef TENURE_SIM_PCI_H
#define TENURE_SIM_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include "machine.h"

enum {
    SIM_CONFIG_BYTES = 256,
    SIM_BAR_BYTES = 16 << 10,
    SIM_MSIX_ENTRIES = 2,
    /* In the BAR of a function with MSI-X: a page for the table, one for the pending bits. */
    SIM_MSIX_TABLE = 0x2000,
    SIM_MSIX_PENDING = 0x3000,
};

struct sim_function {
    uint32_t bdf;
    uint8_t config[SIM_CONFIG_BYTES];
    uint8_t writable[SIM_CONFIG_BYTES]; /* bits that a write changes */
    uint32_t msix[SIM_MSIX_ENTRIES][4];
    uint32_t pending;              /* a bit an entry */
    uint8_t msi, msix_at, express; /* capabilities; 0: none */
    uint64_t bar;
    bool is_gone;
    struct machine_registers registers;
    /* The model. */
    uint32_t (*read)(void *model, uint64_t offset);
    void (*write)(void *model, uint64_t offset, uint32_t width, uint64_t value);
    void (*reset)(void *model); /* by PCI */
    void *model;
    struct sim_function *next;
};

/* Puts it on bus 0, with one memory BAR. The caller has set the model's fields. */
void sim_function_init(struct sim_function *f, uint32_t device, uint16_t vendor_id, uint16_t device_id,
                       uint32_t class_code);
/* A root port with a slot, and bus 1 behind it; one a machine. */
void sim_port_init(struct sim_function *port, uint32_t device);
/* Moves a function to bus 1. Before the machine runs. */
void sim_plug(struct sim_function *port, struct sim_function *f);
/* Takes it out, whatever it does. */
void sim_unplug(struct sim_function *port, struct sim_function *f);
/* Room for a capability of `bytes` bytes with this id, in front of the others; where it is. Its bytes are the caller's.
 */
uint32_t sim_capability(struct sim_function *f, uint8_t id, uint32_t bytes);
void sim_add_msix(struct sim_function *f);
void sim_add_msi(struct sim_function *f);
/* With Function Level Reset. */
void sim_add_express(struct sim_function *f);

void sim_put16(uint8_t *to, uint16_t value);
void sim_put32(uint8_t *to, uint32_t value);

/* An access of the device to memory, page by page, as far as it is let: false, and the rest did not happen. It may
 * happen without bus mastering only in a lie. */
bool sim_dma(const struct sim_function *f, uint64_t iova, void *data, uint64_t bytes, bool is_write);
/* Entry `entry` of MSI-X, or the MSI: sent, or pending while it is masked. */
void sim_interrupt(struct sim_function *f, uint32_t entry);

/* Called for each access that reaches memory, before it. */
extern void (*sim_on_access)(uint32_t bdf, uint64_t physical, uint64_t bytes, bool is_write);

#endif
