/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses by name, for user programs and for libtenure. */
#include <tenure/abi/status.h>

static const char *const names[TN_STATUS_COUNT] = {
    [TN_OK] = "TN_OK",
    [TN_EINVAL] = "TN_EINVAL",
    [TN_ESTALE] = "TN_ESTALE",
    [TN_EKIND] = "TN_EKIND",
    [TN_EDENIED] = "TN_EDENIED",
    [TN_EBUDGET] = "TN_EBUDGET",
    [TN_EEXHAUSTED] = "TN_EEXHAUSTED",
    [TN_EAGAIN] = "TN_EAGAIN",
    [TN_ESTATE] = "TN_ESTATE",
    [TN_ERANGE] = "TN_ERANGE",
    [TN_EPOLICY] = "TN_EPOLICY",
    [TN_ENOENT] = "TN_ENOENT",
    [TN_EIO] = "TN_EIO",
    [TN_EREADONLY] = "TN_EREADONLY",
    [TN_ETIMEDOUT] = "TN_ETIMEDOUT",
    [TN_EABORTED] = "TN_EABORTED",
    [TN_EQUARANTINED] = "TN_EQUARANTINED",
    [TN_EPEERGONE] = "TN_EPEERGONE",
    [TN_EFAULT] = "TN_EFAULT",
    [TN_ENOTSUP] = "TN_ENOTSUP",
    [TN_ERETIRED] = "TN_ERETIRED",
    [TN_EPROTOCOL] = "TN_EPROTOCOL",
    [TN_ECACHELOST] = "TN_ECACHELOST",
};

const char *tn_status_name(enum tn_status status)
{
    return (unsigned)status < TN_STATUS_COUNT ? names[status] : "TN_?";
}
