/* SPDX-License-Identifier: Apache-2.0 */
/* See group.h. */
#include "pci/group.h"

struct union_find {
    uint16_t above[PCI_FUNCTIONS_MAX]; /* a lower index of the same group, or itself */
};

static uint16_t find(struct union_find *u, uint32_t i)
{
    while (u->above[i] != i)
        i = u->above[i];
    return (uint16_t)i;
}

static void join(struct union_find *u, uint32_t a, uint32_t b)
{
    uint16_t x = find(u, a), y = find(u, b);
    u->above[x > y ? x : y] = x > y ? y : x;
}

static bool same_device(const struct pci_function *a, const struct pci_function *b)
{
    return a->bdf >> 3 == b->bdf >> 3;
}

static bool is_port(const struct pci_function *f)
{
    uint8_t type = f->features.express_type;
    return f->header == PCI_HEADER_BRIDGE && (type == PCI_EXPRESS_ROOT_PORT || type == PCI_EXPRESS_DOWNSTREAM);
}

/* Direct translated requests would go past the redirection (PCI Express Base 5.0, section 6.12.3). */
static bool has(const struct pci_function *f, uint16_t acs)
{
    return (f->acs & (acs | PCI_ACS_DIRECT_TRANSLATED)) == acs;
}

/* A bridge that does not keep what is behind it apart, or from itself. */
static bool is_open(const struct pci_function *f)
{
    if (f->header != PCI_HEADER_BRIDGE)
        return false;
    if (f->bridge.fault)
        return true;
    if (is_port(f))
        return !has(f, PCI_ACS_ISOLATES_PORT);
    return f->features.express_type != PCI_EXPRESS_UPSTREAM;
}

/* Functions of a device reach each other inside it, unless both redirect. */
static void join_device(struct union_find *u, const struct pci_function *f, uint32_t i)
{
    for (uint32_t j = i; j-- > 0 && same_device(&f[i], &f[j]);) {
        uint16_t wanted_i = is_port(&f[i]) ? PCI_ACS_ISOLATES_PORT : PCI_ACS_ISOLATES_FUNCTION;
        uint16_t wanted_j = is_port(&f[j]) ? PCI_ACS_ISOLATES_PORT : PCI_ACS_ISOLATES_FUNCTION;
        if (!has(&f[i], wanted_i) || !has(&f[j], wanted_j))
            join(u, i, j);
    }
}

/* The first port without ACS on the bus of bridge `i`, or PCI_ROOT. */
static uint32_t open_port_beside(const struct pci_function *f, uint32_t count, uint32_t i)
{
    for (uint32_t j = 0; j < count; j++)
        if (f[j].bdf >> 8 == f[i].bdf >> 8 && is_port(&f[j]) && is_open(&f[j]))
            return j;
    return PCI_ROOT;
}

/* Everything on the function's way to its root bus that does not keep it apart. */
static void join_way(struct union_find *u, const struct pci_function *f, uint32_t count, uint32_t i)
{
    for (uint32_t bridge = f[i].header == PCI_HEADER_BRIDGE ? i : f[i].parent; bridge != PCI_ROOT;
         bridge = f[bridge].parent) {
        if (bridge != i && is_open(&f[bridge]))
            join(u, i, bridge);
        uint32_t port = is_port(&f[bridge]) ? open_port_beside(f, count, bridge) : PCI_ROOT;
        if (port != PCI_ROOT)
            join(u, i, port);
    }
}

uint32_t pci_group(struct pci_function *f, uint32_t count)
{
    struct union_find u;
    uint32_t groups = 0;
    for (uint32_t i = 0; i < count; i++)
        u.above[i] = (uint16_t)i;
    for (uint32_t i = 0; i < count; i++) {
        join_device(&u, f, i);
        join_way(&u, f, count, i);
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t first = find(&u, i);
        f[i].group = first == i ? (uint16_t)groups++ : f[first].group;
    }
    return groups;
}
