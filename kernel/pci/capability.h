/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capabilities and extended capabilities of one function: both lists are walked once, with a guard against loops, and
 * what the kernel uses is decoded (PCI Local Bus 3.0, section 6.7; PCI Express Base 5.0, sections 7.5.3, 7.6, 7.7).
 * Pure.
 */
#ifndef TENURE_KERNEL_PCI_CAPABILITY_H
#define TENURE_KERNEL_PCI_CAPABILITY_H

#include "pci/bar.h"
#include "pci/config.h"

/* Where the capabilities are: offsets in configuration space, 0: the function has none. Of two, the first. */
struct pci_capabilities {
    uint8_t power;    /* id 0x01, PCI Power Management */
    uint8_t msi;      /* 0x05 */
    uint8_t express;  /* 0x10 */
    uint8_t msix;     /* 0x11 */
    uint8_t advanced; /* 0x13, Advanced Features */
    uint16_t aer;     /* extended, 0x0001: Advanced Error Reporting */
    uint16_t acs;     /* 0x000d: Access Control Services */
    uint16_t ari;     /* 0x000e: Alternative Routing-ID Interpretation */
    uint16_t ats;     /* 0x000f: Address Translation Services */
    uint16_t sriov;   /* 0x0010 */
    uint16_t pri;     /* 0x0013: Page Requests */
    uint16_t pasid;   /* 0x001b */
    uint16_t broken;  /* offset of the pointer at which a list leaves its area, loops or is too short; the walk ended */
};

/* Walks both lists; the extended one only of functions with the PCI Express capability. */
void pci_read_capabilities(const struct pci_access *access, uint32_t bdf, struct pci_capabilities *capabilities);

/* PCI Express Base 5.0, table 7-17: device/port type. */
enum pci_express_type {
    PCI_EXPRESS_ENDPOINT = 0,
    PCI_EXPRESS_LEGACY_ENDPOINT = 1,
    PCI_EXPRESS_ROOT_PORT = 4,
    PCI_EXPRESS_UPSTREAM = 5,
    PCI_EXPRESS_DOWNSTREAM = 6,
    PCI_EXPRESS_TO_PCI = 7,
    PCI_EXPRESS_FROM_PCI = 8,
    PCI_EXPRESS_INTEGRATED = 9,
    PCI_EXPRESS_EVENT_COLLECTOR = 10,
    PCI_EXPRESS_NONE = 0xff, /* conventional PCI */
};
/* "root port" and so on. */
const char *pci_express_type_name(uint8_t type);

struct pci_features {
    uint8_t express_type; /* enum pci_express_type */
    uint8_t power_state;  /* 0 to 3: D0 to D3hot */
    bool no_soft_reset;   /* D3hot to D0 keeps the function's state */
    bool express_flr;     /* function level reset through the PCI Express capability */
    bool advanced_flr;    /* the same through Advanced Features, for conventional PCI */
    uint8_t msi_messages; /* 0: no MSI; 1 to 32 */
    bool msi_64bit, msi_maskable;
};
/* Decodes what the capabilities say. */
void pci_read_features(const struct pci_access *access, uint32_t bdf, const struct pci_capabilities *capabilities,
                       struct pci_features *features);
/* MSI and MSI-X off, also an MSI-X whose table makes no sense, if firmware left one on. True: it had. */
bool pci_disable_messages(const struct pci_access *access, uint32_t bdf, const struct pci_capabilities *capabilities);

/* ACS control bits, PCI Express Base 5.0, section 7.7.8.3. */
enum pci_acs {
    PCI_ACS_SOURCE_VALIDATION = 1 << 0,
    PCI_ACS_TRANSLATION_BLOCKING = 1 << 1,
    PCI_ACS_REQUEST_REDIRECT = 1 << 2,
    PCI_ACS_COMPLETION_REDIRECT = 1 << 3,
    PCI_ACS_UPSTREAM_FORWARDING = 1 << 4,
    PCI_ACS_DIRECT_TRANSLATED = 1 << 6,
    /* what keeps the devices below a port apart */
    PCI_ACS_ISOLATES_PORT = PCI_ACS_SOURCE_VALIDATION | PCI_ACS_REQUEST_REDIRECT | PCI_ACS_COMPLETION_REDIRECT |
                            PCI_ACS_UPSTREAM_FORWARDING,
    /* what keeps the functions of a device apart */
    PCI_ACS_ISOLATES_FUNCTION = PCI_ACS_REQUEST_REDIRECT | PCI_ACS_COMPLETION_REDIRECT,
};
/* Switches on what of PCI_ACS_ISOLATES_PORT the function has, and returns what it says is on. Nothing here has
 * translated addresses (ATS is never on): who says so is blocked where it can be, and its way past the redirection,
 * which firmware may have opened, is closed. */
uint16_t pci_enable_acs(const struct pci_access *access, uint32_t bdf, const struct pci_capabilities *capabilities);

/* ---- MSI: PCI Local Bus 3.0, section 6.8.1 ---- */

enum {
    PCI_MSI_CONTROL = 2, /* from the capability's start */
    PCI_MSI_CONTROL_ENABLE = 1 << 0,
};

/* ---- MSI-X: PCI Express Base 5.0, section 7.7.2 ---- */

struct pci_msix {
    uint32_t capability; /* offset, 0: none */
    uint32_t count;      /* entries, 1 to 2048 */
    uint32_t table_bar;
    uint64_t table_offset;
    uint32_t pba_bar;
    uint64_t pba_offset;
};

enum {
    PCI_MSIX_CONTROL = 2, /* from the capability's start */
    PCI_MSIX_CONTROL_ENABLE = 1 << 15,
    PCI_MSIX_CONTROL_MASK_ALL = 1 << 14,
    PCI_MSIX_ENTRY_BYTES = 16,
    PCI_MSIX_ENTRY_ADDRESS_LOW = 0,
    PCI_MSIX_ENTRY_ADDRESS_HIGH = 4,
    PCI_MSIX_ENTRY_DATA = 8,
    PCI_MSIX_ENTRY_CONTROL = 12, /* bit 0: masked */
};

/* Reads and checks the MSI-X capability against the BARs: TN_ENOENT (none), TN_EPROTOCOL (table or PBA outside its
 * BAR, or one over the other). */
TN_MUST_CHECK enum tn_status pci_read_msix(const struct pci_access *access, uint32_t bdf, uint32_t capability,
                                           const struct pci_bar bar[PCI_BARS], struct pci_msix *msix);
/* Does [offset, offset + length) of BAR `bar` touch a page of the MSI-X table or the PBA? */
bool pci_touches_msix(const struct pci_msix *msix, uint32_t bar, uint64_t offset, uint64_t length);

#endif
