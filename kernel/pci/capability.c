/* SPDX-License-Identifier: Apache-2.0 */
/* See capability.h. */
#include "pci/capability.h"

#include <assert.h>
#include <stddef.h>

enum {
    FIRST = 0x40, /* capabilities live behind the header */
    EXTENDED_FIRST = 0x100,
    STEP = 4, /* both kinds begin on 4 bytes */
    STANDARD_PLACES = (PCI_CONFIG_BYTES - FIRST) / STEP,
    EXTENDED_PLACES = (PCI_EXTENDED_BYTES - EXTENDED_FIRST) / STEP,
    EXTENDED_BYTES_MIN = 8,
};
static_assert(STANDARD_PLACES <= 64, "one word of places");

/* What of a capability the kernel reads, and so must lie before the end of the 256 bytes. */
static const struct {
    uint8_t id, bytes, field;
} standard[] = {
    {0x01, 8, offsetof(struct pci_capabilities, power)},    {0x05, 10, offsetof(struct pci_capabilities, msi)},
    {0x10, 20, offsetof(struct pci_capabilities, express)}, {0x11, 12, offsetof(struct pci_capabilities, msix)},
    {0x13, 6, offsetof(struct pci_capabilities, advanced)},
};
static const struct {
    uint16_t id;
    uint8_t field;
} extended[] = {
    {0x0001, offsetof(struct pci_capabilities, aer)},   {0x000d, offsetof(struct pci_capabilities, acs)},
    {0x000e, offsetof(struct pci_capabilities, ari)},   {0x000f, offsetof(struct pci_capabilities, ats)},
    {0x0010, offsetof(struct pci_capabilities, sriov)}, {0x0013, offsetof(struct pci_capabilities, pri)},
    {0x001b, offsetof(struct pci_capabilities, pasid)},
};

/* False: the capability does not fit before the end of the space. */
static bool note_standard(struct pci_capabilities *c, uint32_t id, uint32_t at)
{
    for (uint32_t i = 0; i < sizeof standard / sizeof standard[0]; i++) {
        uint8_t *field = (uint8_t *)c + standard[i].field;
        if (standard[i].id != id)
            continue;
        if (at + standard[i].bytes > PCI_CONFIG_BYTES)
            return false;
        if (*field == 0)
            *field = (uint8_t)at;
    }
    return true;
}

static void note_extended(struct pci_capabilities *c, uint32_t id, uint32_t at)
{
    for (uint32_t i = 0; i < sizeof extended / sizeof extended[0]; i++) {
        uint16_t *field = (uint16_t *)(void *)((uint8_t *)c + extended[i].field);
        if (extended[i].id == id && *field == 0)
            *field = (uint16_t)at;
    }
}

static void walk_standard(const struct pci_access *a, uint32_t bdf, struct pci_capabilities *c)
{
    uint64_t seen = 0;
    if (!(pci_read(a, bdf, PCI_STATUS, 2) & PCI_STATUS_CAPABILITIES))
        return;
    uint32_t at = pci_read(a, bdf, PCI_CAPABILITIES, 1) & ~3u;
    while (at != 0) {
        uint32_t place = (at - FIRST) / STEP;
        if (at < FIRST || seen >> place & 1) {
            c->broken = (uint16_t)at;
            return;
        }
        seen |= UINT64_C(1) << place;
        uint32_t header = pci_read(a, bdf, at, 2);
        if (!note_standard(c, header & 0xff, at)) {
            c->broken = (uint16_t)at;
            return;
        }
        at = header >> 8 & ~3u;
    }
}

static void walk_extended(const struct pci_access *a, uint32_t bdf, struct pci_capabilities *c)
{
    uint64_t seen[(EXTENDED_PLACES + 63) / 64] = {0};
    uint32_t at = EXTENDED_FIRST;
    while (at != 0) {
        uint32_t place = (at - EXTENDED_FIRST) / STEP;
        if (at < EXTENDED_FIRST || at + EXTENDED_BYTES_MIN > PCI_EXTENDED_BYTES || seen[place / 64] >> place % 64 & 1) {
            c->broken = (uint16_t)at;
            return;
        }
        seen[place / 64] |= UINT64_C(1) << place % 64;
        uint32_t header = pci_read(a, bdf, at, 4);
        if (header == 0 || header == UINT32_MAX)
            return; /* an empty list, or no extended space */
        note_extended(c, header & 0xffff, at);
        at = header >> 20 & ~3u;
    }
}

void pci_read_capabilities(const struct pci_access *a, uint32_t bdf, struct pci_capabilities *c)
{
    *c = (struct pci_capabilities){0};
    walk_standard(a, bdf, c);
    if (c->express != 0)
        walk_extended(a, bdf, c);
}

enum {
    POWER_CONTROL = 4,
    POWER_STATE = 3,
    POWER_NO_SOFT_RESET = 1 << 3,
    MSI_MESSAGES_SHIFT = 1, /* of the exponent, three bits: above 5 is reserved */
    MSI_MESSAGES_LOG2_MAX = 5,
    MSI_64BIT = 1 << 7,
    MSI_MASKABLE = 1 << 8,
    EXPRESS_FLAGS = 2,
    EXPRESS_TYPE_SHIFT = 4,
    EXPRESS_DEVICE = 4,
    EXPRESS_DEVICE_FLR = 1 << 28,
    ADVANCED_FLAGS = 3,
    ADVANCED_TP = 1 << 0, /* transactions pending can be seen: FLR needs it */
    ADVANCED_FLR = 1 << 1,
    ACS_CAPABLE = 4,
    ACS_CONTROL = 6,
};

void pci_read_features(const struct pci_access *a, uint32_t bdf, const struct pci_capabilities *c,
                       struct pci_features *f)
{
    *f = (struct pci_features){.express_type = PCI_EXPRESS_NONE};
    if (c->power != 0) {
        uint32_t control = pci_read(a, bdf, c->power + POWER_CONTROL, 2);
        f->power_state = control & POWER_STATE;
        f->no_soft_reset = control & POWER_NO_SOFT_RESET;
    }
    if (c->msi != 0) {
        uint32_t control = pci_read(a, bdf, c->msi + PCI_MSI_CONTROL, 2);
        uint32_t log2 = control >> MSI_MESSAGES_SHIFT & 7;
        f->msi_messages = (uint8_t)(1u << (log2 > MSI_MESSAGES_LOG2_MAX ? MSI_MESSAGES_LOG2_MAX : log2));
        f->msi_64bit = control & MSI_64BIT;
        f->msi_maskable = control & MSI_MASKABLE;
    }
    if (c->express != 0) {
        f->express_type = pci_read(a, bdf, c->express + EXPRESS_FLAGS, 2) >> EXPRESS_TYPE_SHIFT & 15;
        f->express_flr = pci_read(a, bdf, c->express + EXPRESS_DEVICE, 4) & EXPRESS_DEVICE_FLR;
    }
    if (c->advanced != 0) {
        uint32_t flags = pci_read(a, bdf, c->advanced + ADVANCED_FLAGS, 1);
        f->advanced_flr = (flags & ADVANCED_TP) && (flags & ADVANCED_FLR);
    }
}

static bool disable(const struct pci_access *a, uint32_t bdf, uint32_t capability, uint32_t offset, uint32_t enable)
{
    uint32_t control = capability == 0 ? 0 : pci_read(a, bdf, capability + offset, 2);
    if (!(control & enable))
        return false;
    pci_write(a, bdf, capability + offset, 2, control & ~enable);
    return true;
}

bool pci_disable_messages(const struct pci_access *a, uint32_t bdf, const struct pci_capabilities *c)
{
    bool msi = disable(a, bdf, c->msi, PCI_MSI_CONTROL, PCI_MSI_CONTROL_ENABLE);
    return disable(a, bdf, c->msix, PCI_MSIX_CONTROL, PCI_MSIX_CONTROL_ENABLE) || msi;
}

uint16_t pci_enable_acs(const struct pci_access *a, uint32_t bdf, const struct pci_capabilities *c)
{
    if (c->acs == 0)
        return 0;
    uint32_t able = pci_read(a, bdf, c->acs + ACS_CAPABLE, 2);
    uint32_t control = pci_read(a, bdf, c->acs + ACS_CONTROL, 2);
    uint32_t wanted = control | (able & (PCI_ACS_ISOLATES_PORT | PCI_ACS_TRANSLATION_BLOCKING));
    wanted &= ~(uint32_t)PCI_ACS_DIRECT_TRANSLATED;
    if (control != wanted)
        pci_write(a, bdf, c->acs + ACS_CONTROL, 2, wanted);
    return (uint16_t)pci_read(a, bdf, c->acs + ACS_CONTROL, 2);
}

const char *pci_express_type_name(uint8_t type)
{
    static const char *const name[] = {
        [PCI_EXPRESS_ENDPOINT] = "endpoint",
        [PCI_EXPRESS_LEGACY_ENDPOINT] = "legacy endpoint",
        [PCI_EXPRESS_ROOT_PORT] = "root port",
        [PCI_EXPRESS_UPSTREAM] = "switch upstream port",
        [PCI_EXPRESS_DOWNSTREAM] = "switch downstream port",
        [PCI_EXPRESS_TO_PCI] = "PCIe-to-PCI bridge",
        [PCI_EXPRESS_FROM_PCI] = "PCI-to-PCIe bridge",
        [PCI_EXPRESS_INTEGRATED] = "root complex integrated endpoint",
        [PCI_EXPRESS_EVENT_COLLECTOR] = "root complex event collector",
    };
    return type < sizeof name / sizeof name[0] && name[type] ? name[type] : "unknown type";
}
