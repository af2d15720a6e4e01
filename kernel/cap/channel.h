/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services and channels: how a client's request, and the buffer with it, gets to the process that serves it, and back.
 * A service has one queue of fences for all its channels; a request waits in it until the server has a credit.
 */
#ifndef TENURE_KERNEL_CAP_CHANNEL_H
#define TENURE_KERNEL_CAP_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include <core/cap.h>
#include <core/dma.h>
#include <tenure/abi/ring.h>

struct device;
struct process;

enum {
    SERVICES_MAX = 16,
    CHANNELS_MAX = TN_SESSIONS_MAX,
    SERVICE_DEPTH_MAX = 1024, /* fences of all channels of one service */
};

struct channel;
struct service;

/* A service of this name, served by this process; `depth` fences. One that awaited the process is the same as before,
 * with all that waits in it. NULL: no room, or another's (said in the log). */
struct service *service_create(const char *name, struct process *server, uint32_t depth);
struct service *service_find(const char *name);
uint32_t service_index(const struct service *service);
struct service *service_at(uint32_t index);
const struct tn_identity *service_identity(uint32_t index);

/* A client's session; what it leaves behind ends within `deadline_ms` (orphan.h), 0: when it will. NULL: no room. */
struct channel *channel_create(struct service *service, struct process *client, uint32_t rights, uint32_t deadline_ms);
uint32_t channel_index(const struct channel *channel);
struct channel *channel_at(uint32_t index);
const struct tn_identity *channel_identity(uint32_t index);
/* The device of the process that serves this channel; NULL if it has none. */
struct device *channel_device(const struct channel *channel);

/* TN_OK; TN_EAGAIN: its server will be started again; TN_EPEERGONE: nobody serves it any more. */
TN_MUST_CHECK enum tn_status channel_is_served(const struct channel *channel);
struct service *channel_service(const struct channel *channel);
/* The device of the process that serves it; NULL if it has none. */
struct device *service_device(const struct service *service);

/* One TN_OP_SUBMIT, with one completion reserved for its fence. */
enum tn_status channel_submit(struct process *client, const struct tn_sqe *sqe);
/* TN_OP_FENCE_REVOKE. TN_ESTATE: it has ended. */
TN_MUST_CHECK enum tn_status channel_revoke(struct process *client, struct tn_cap *cap);
/* TN_OP_SERVE: the credits are reserved completions of the server. */
void service_serve(struct service *service, uint64_t user_data, uint32_t credits);
/* One credit comes back with the reservation of a quiet TN_OP_COMPLETE. */
void service_serve_again(struct service *service);
/* TN_OP_COMPLETE. */
TN_MUST_CHECK enum tn_status service_complete(struct service *service, const struct tn_sqe *sqe);

/* Sessions that the process has. */
uint32_t channels_of(const struct process *client);
/* Fences, from submission to their end, that are charged to this process; without one (NULL), those of services behind
 * this device, or behind none. */
uint32_t fences_of(const struct process *client, const struct device *device);

/* What was completed since the last time comes back to its clients, after one invalidation. At the end of every entry,
 * and before anything else happens to those clients or their service. */
void channels_settle(void);

/* The process is given no request any more. */
void services_server_stopped(const struct process *server);
/* The same for the services behind this device, whose server lives on without it, until it has claimed it again. */
void services_device_stopped(const struct device *device);
/* The device is silent, or in quarantine: what it may have seen comes back, or does not. */
void services_device_ended(const struct device *device, bool is_silent);
/* Requests that wait with buffers of a pool that takes part in none any more (pools_device_ended) end TN_EABORTED. */
void services_end_withheld(void);
/* Its server has claimed this device: if it has no other, its clients' requests are for it. On a failure
 * (pools_attach) it is not, and is given none. */
TN_MUST_CHECK enum tn_status services_device_claimed(struct process *server, struct device *device);
/* The process has ended, as a client and as a server; its devices are silent, or in quarantine. */
void channels_client_ended(struct process *client);
void services_server_ended(struct process *server);
/* The process, which has ended, will not come back: what waited for it ends TN_EABORTED, and what is submitted from now
 * on is refused with TN_EPEERGONE. */
void services_given_up(const struct process *server);

#endif
