/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of a remapping unit, by the names of the Intel VT-d Specification 4.0, chapter 11. Legacy mode. */
#ifndef TENURE_KERNEL_VTD_REGISTERS_H
#define TENURE_KERNEL_VTD_REGISTERS_H

enum vtd_register {
    VTD_CAP = 0x08,  /* 64 bits */
    VTD_ECAP = 0x10, /* 64 */
    VTD_GCMD = 0x18,
    VTD_GSTS = 0x1c,
    VTD_RTADDR = 0x20, /* 64 */
    VTD_FSTS = 0x34,
    VTD_FECTL = 0x38,
    VTD_FEDATA = 0x3c,
    VTD_FEADDR = 0x40,
    VTD_FEUADDR = 0x44,
    VTD_PMEN = 0x64,
    VTD_IQT = 0x88,               /* 64 */
    VTD_IQA = 0x90,               /* 64 */
    VTD_IRTA = 0xb8,              /* 64 */
    VTD_REGISTERS_BYTES = 0x1000, /* at least; fault records may lie behind */
};

/* Bits of GCMD and, at the same places, GSTS. */
enum vtd_global {
    VTD_TRANSLATION = (int)(1u << 31),
    VTD_ROOT_TABLE = 1 << 30,
    VTD_QUEUED_INVALIDATION = 1 << 26,
    VTD_INTERRUPT_REMAPPING = 1 << 25,
    VTD_REMAPPING_TABLE = 1 << 24,
    VTD_COMPATIBILITY_FORMAT = 1 << 23, /* let messages of the old format pass: never set here */
};
/* What stays set; the other bits of GCMD are orders, given once. */
#define VTD_GLOBAL_KEPT                                                                                                \
    ((uint32_t)VTD_TRANSLATION | VTD_QUEUED_INVALIDATION | VTD_INTERRUPT_REMAPPING | VTD_COMPATIBILITY_FORMAT)

/* CAP */
#define VTD_CAP_DOMAINS(cap)      (UINT32_C(1) << (4 + 2 * ((cap)&7))) /* ND */
#define VTD_CAP_RWBF              (UINT64_C(1) << 4)
#define VTD_CAP_PROTECTED_MEMORY  (UINT64_C(3) << 5) /* PLMR, PHMR */
#define VTD_CAP_CACHING_MODE      (UINT64_C(1) << 7)
#define VTD_CAP_3_LEVELS          (UINT64_C(1) << 9) /* SAGAW */
#define VTD_CAP_4_LEVELS          (UINT64_C(1) << 10)
#define VTD_CAP_ADDRESS_BITS(cap) ((uint32_t)((cap) >> 16 & 63) + 1) /* MGAW */
#define VTD_CAP_FAULTS_AT(cap)    ((uint32_t)((cap) >> 24 & 0x3ff) * 16)
#define VTD_CAP_2_MIB             (UINT64_C(1) << 34)
#define VTD_CAP_FAULTS(cap)       ((uint32_t)((cap) >> 40 & 0xff) + 1)

/* ECAP */
#define VTD_ECAP_COHERENT            (UINT64_C(1) << 0)
#define VTD_ECAP_QUEUE               (UINT64_C(1) << 1)
#define VTD_ECAP_INTERRUPT_REMAPPING (UINT64_C(1) << 3)

/* FSTS */
enum vtd_fault_status {
    VTD_FSTS_OVERFLOW = 1 << 0,
    VTD_FSTS_PENDING = 1 << 1,
    VTD_FSTS_QUEUE_ERROR = 1 << 4,
    VTD_FSTS_COMPLETION_ERROR = 1 << 5,
    VTD_FSTS_TIMEOUT = 1 << 6,
    VTD_FSTS_QUEUE = VTD_FSTS_QUEUE_ERROR | VTD_FSTS_COMPLETION_ERROR | VTD_FSTS_TIMEOUT,
};

enum {
    VTD_FECTL_MASKED = (int)(1u << 31),
    VTD_PMEN_ENABLE = (int)(1u << 31),
    VTD_PMEN_ON = 1 << 0,
    VTD_FAULT_BYTES = 16,
};

#endif
