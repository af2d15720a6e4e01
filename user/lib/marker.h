/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Marker instructions: no-operations that an instruction-counting plugin of the emulator recognises by their operand.
 * bench/ counts between begin and end; on any other machine they do nothing.
 */
#ifndef TENURE_USER_MARKER_H
#define TENURE_USER_MARKER_H

static inline void tn_marker_begin(void)
{
    __asm__ volatile("nopl 0x4d4b0001(%%rax)" : : : "memory");
}
static inline void tn_marker_end(void)
{
    __asm__ volatile("nopl 0x4d4b0002(%%rax)" : : : "memory");
}

#endif
