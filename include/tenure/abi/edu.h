/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The class protocol of QEMU's educational device (docs/specs/edu in QEMU's sources): what a client puts into
 * TN_OP_SUBMIT on a channel to such a service. It is the test device: registers, one MSI, and DMA that takes 100 ms.
 */
#ifndef TENURE_ABI_EDU_H
#define TENURE_ABI_EDU_H

enum tn_edu_opcode {
    /* No buffer. Answer word 0 = version of the device. */
    TN_EDU_INFO = 1,
    /* No buffer, arg3 = n. Answer word 0 = n! modulo 2^32. */
    TN_EDU_FACTORIAL = 2,
    TN_EDU_WRITE = 3, /* TN_TO_DEVICE, arg3 = offset in the device's memory */
    TN_EDU_READ = 4,  /* TN_FROM_DEVICE, arg3 = offset */
};

enum {
    /* A transfer lies within it. The device has 4096, and QEMU stops the machine when one reaches the last. */
    TN_EDU_MEMORY_BYTES = 4095,
};

#endif
