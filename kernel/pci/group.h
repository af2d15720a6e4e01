/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Isolation groups: functions that can reach each other without passing the IOMMU, or that it cannot tell apart, are
 * one group, and have one owner. Pure. When in doubt, two functions are together:
 *   - functions of one device without ACS redirection,
 *   - what is behind a bridge to conventional PCI, with the bridge (one requester id for all),
 *   - what is behind a port without all of ACS source validation, redirection and upstream forwarding, and what is
 * behind the ports beside it: a request turns round in the port's switch (or root complex) and reaches them,
 *   - what is on a bus of a bridge whose bus numbers are broken, with the bridge.
 * Not covered: peer-to-peer between integrated endpoints of a root complex, of which nothing tells.
 */
#ifndef TENURE_KERNEL_PCI_GROUP_H
#define TENURE_KERNEL_PCI_GROUP_H

#include "pci/function.h"

/* Sets `group` of each function: numbers from 0 in order of their first member. Needs parents, ACS, features.
 * `function` is in order of bdf; count is at most PCI_FUNCTIONS_MAX. Returns the number of groups. */
uint32_t pci_group(struct pci_function *function, uint32_t count);

#endif
