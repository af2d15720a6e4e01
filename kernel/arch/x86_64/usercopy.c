/* SPDX-License-Identifier: Apache-2.0 */
/* See usercopy.h. */
#include "arch/x86_64/usercopy.h"

#include "arch/x86_64/layout.h"

struct fixup {
    uint64_t from;
    uint64_t to;
};
extern const struct fixup __fixup_start[], __fixup_end[];

/* usercopy.S: 0, or the number of bytes not copied. Addresses: one of them is the user's. */
uint64_t usercopy_bytes(uint64_t to, uint64_t from, uint64_t n);
uint64_t usercopy_bytes_smap(uint64_t to, uint64_t from, uint64_t n);

bool usercopy_smap;

/* `user`: the one of the two that the process named. */
static enum tn_status copy(uint64_t to, uint64_t from, size_t n, uint64_t user)
{
    if (user < USER_MIN || user > USER_MAX || n > USER_MAX - user)
        return TN_EFAULT;
    uint64_t left = usercopy_smap ? usercopy_bytes_smap(to, from, n) : usercopy_bytes(to, from, n);
    return left == 0 ? TN_OK : TN_EFAULT;
}

enum tn_status copy_from_user(void *to, uint64_t from, size_t n)
{
    return copy((uint64_t)to, from, n, from);
}

enum tn_status copy_to_user(uint64_t to, const void *from, size_t n)
{
    return copy(to, (uint64_t)from, n, to);
}

uint64_t usercopy_fixup(uint64_t rip)
{
    for (const struct fixup *f = __fixup_start; f < __fixup_end; f++)
        if (f->from == rip)
            return f->to;
    return 0;
}
