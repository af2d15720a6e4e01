/* SPDX-License-Identifier: Apache-2.0 */
/* See usercopy.h. */
#include "arch/x86_64/usercopy.h"

#include "arch/x86_64/layout.h"

struct fixup {
    uint64_t from;
    uint64_t to;
};
extern const struct fixup __fixup_start[], __fixup_end[];

/* usercopy.S: 0, or the number of bytes not copied */
uint64_t usercopy_bytes(void *to, uint64_t from, uint64_t n);
uint64_t usercopy_bytes_smap(void *to, uint64_t from, uint64_t n);

bool usercopy_smap;

enum tn_status copy_from_user(void *to, uint64_t from, size_t n)
{
    if (from < USER_MIN || from > USER_MAX || n > USER_MAX - from)
        return TN_EFAULT;
    uint64_t left = usercopy_smap ? usercopy_bytes_smap(to, from, n) : usercopy_bytes(to, from, n);
    return left == 0 ? TN_OK : TN_EFAULT;
}

uint64_t usercopy_fixup(uint64_t rip)
{
    for (const struct fixup *f = __fixup_start; f < __fixup_end; f++)
        if (f->from == rip)
            return f->to;
    return 0;
}
