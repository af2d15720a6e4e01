/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How this machine's configuration space is reached: ECAM windows that MCFG names (PCI Express Base 5.0,
 * section 7.2.2), and the ports CF8/CFC (PCI Local Bus 3.0, section 3.2.2.3.2) for segment 0 where there is none, or
 * until it is mapped.
 */
#ifndef TENURE_KERNEL_PCI_HOST_H
#define TENURE_KERNEL_PCI_HOST_H

#include <stdint.h>

#include "firmware/mcfg.h"
#include "pci/config.h"

/* Windows of an MCFG, and the buses of segment 0 before, between and behind them. */
enum { PCI_BUS_RUNS_MAX = 2 * MCFG_ALLOCATIONS_MAX + 1 };

/* A run of buses that are reached in one way. */
struct pci_buses {
    uint16_t segment;
    uint8_t first, last; /* inclusive */
    bool is_reachable;   /* now; an ECAM above 4 GiB without ports is so only after pci_host_map */
};

/* All of configuration space; its name is from when ECAM was the only way. */
extern const struct pci_access pci_ecam;

/* From before memory is handed out: windows below 4 GiB through the boot mapping, the ports for the rest. `mcfg` NULL:
 * there is none. An ECAM of segment 0 of which the first function is not what the ports show there is not used, nor is
 * an MCFG without bus 0 of segment 0; other buses of segment 0 that it leaves out are reached through the ports. All of
 * that is said. */
void pci_host_init(const struct mcfg *mcfg);
/* Maps the ECAM windows for good; needs frames. */
void pci_host_map(void);
/* The n-th run of buses, in order of segment and bus; false: no more. */
bool pci_host_buses(uint32_t n, struct pci_buses *buses);
/* The physical window behind the n-th run; false: it has none. */
bool pci_host_window(uint32_t n, uint64_t *start, uint64_t *end);

#endif
