/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A remapping unit in software, from the Intel VT-d Specification 4.0: it walks the tables that the driver writes into
 * its memory, keeps what it has walked until it is told to forget it, and takes orders from the queue. It is as strict
 * as hardware may be: without coherence it sees only cache lines that were written back, and in caching mode it also
 * remembers what was not there.
 */
#ifndef TENURE_TESTS_VTD_MODEL_H
#define TENURE_TESTS_VTD_MODEL_H

#include "iommu/vtd/host.h"

enum {
    MODEL_PAGES = 1024,
    MODEL_PAGE = 4096,
    MODEL_CACHED = 4096,
};
#define MODEL_MEMORY UINT64_C(0x10000000) /* physical address of its first page */

/* What goes wrong: the named thing does not happen. */
enum vtd_model_trouble {
    MODEL_FINE,
    MODEL_QUEUE_SILENT, /* orders are not taken */
    MODEL_QUEUE_ERROR,  /* an order is refused */
    MODEL_NO_QUEUE,     /* the bits of GSTS that do not follow */
    MODEL_NO_ROOT,
    MODEL_NO_TRANSLATION,
    MODEL_NO_REMAPPING_TABLE,
    MODEL_NO_REMAPPING,
    MODEL_COMPATIBILITY, /* messages of the old format stay allowed */
};

struct vtd_model_entry {
    bool used, present;
    uint16_t requester, domain;
    uint64_t iova, physical; /* of the page */
    uint32_t rights;
};

struct vtd_model {
    struct vtd_host host;
    uint64_t cap, ecap;
    uint32_t gsts, fsts, fectl, pmen;
    uint64_t rtaddr, iqa, iqh, iqt, irta;
    uint64_t root, remap; /* in use since the orders */
    uint64_t fault[8][2];
    uint8_t *memory; /* what the CPU sees */
    uint8_t *seen;   /* what the unit sees */
    uint8_t used[MODEL_PAGES];
    uint32_t pages_taken, pages_limit;
    uint64_t now;
    uint32_t trouble;                          /* enum vtd_model_trouble */
    struct vtd_model_entry context[64];        /* requester to domain; physical: of its table, rights: its levels */
    struct vtd_model_entry page[MODEL_CACHED]; /* the IOTLB */
    struct {
        bool used;
        uint64_t low, high;
    } interrupt[256];
    uint32_t orders; /* taken from the queue, but for waits */
};

/* A unit like that of QEMU's machines. The test frees it. */
struct vtd_model *vtd_model_new(void);
void vtd_model_free(struct vtd_model *model);

/* A request of a device: the physical address that it reaches, or 0 and a fault in the log. */
uint64_t vtd_model_access(struct vtd_model *model, uint16_t requester, uint64_t iova, bool is_write);
/* A message of a device: the vector that it raises, or 0. */
uint8_t vtd_model_interrupt(struct vtd_model *model, uint16_t requester, uint32_t address, uint32_t data);

#endif
