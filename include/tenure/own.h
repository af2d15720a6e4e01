/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ownership that the C compiler checks. A token is a small struct that means "I own this"; what gives ownership away
 * empties the caller's token. Two checkers read the same declarations, and neither leaves code behind:
 *
 *   the proof      gcc and clang, with -O2: an operation on a token that is not proved to be held, and a token that may
 *                  leave its scope while it is held, are errors.
 *   the analysis   clang with -Wthread-safety, at any optimisation level: tokens are capabilities (nothing about
 *                  threads is meant), and what it finds is a warning.
 *
 * A status that is ignored and a token of the wrong kind are warnings that compilers have on by default. What is a
 * warning is so by the user's flags: this header changes no diagnostic, for a pragma would hold for all code behind it.
 * (pkg-config has the flags that make errors of them.) All of it is on by default. TN_OWN_OFF, defined before the first
 * include, switches it off. The proof is off by itself without optimisation and under the
 * sanitizers that announce themselves, since it asks what only an optimiser knows. At run time an empty token is
 * refused whatever was checked before. docs/ownership-in-c.md explains each message.
 */
#ifndef TENURE_OWN_H
#define TENURE_OWN_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TN_OWN_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer) ||          \
    __has_feature(undefined_behavior_sanitizer)
#define TN_OWN_SANITIZED 1
#endif
#endif

#if defined(__clang__) && !defined(TN_OWN_OFF)
#define TN_OWN_ATTRIBUTE(...) __attribute__((__VA_ARGS__))
#else
#define TN_OWN_ATTRIBUTE(...)
#endif

/* On a struct: it is a token. */
#define TN_OWN_TOKEN TN_OWN_ATTRIBUTE(capability("ownership"))
/* On a function, about what its arguments point to: the caller gives it away; gets it; keeps it, and must hold it; gets
 * it, or gets it back, if the function returns true, or false. */
#define TN_OWN_TAKES(...)    TN_OWN_ATTRIBUTE(release_capability(__VA_ARGS__))
#define TN_OWN_GIVES(...)    TN_OWN_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define TN_OWN_NEEDS(...)    TN_OWN_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define TN_OWN_IF_TRUE(...)  TN_OWN_ATTRIBUTE(try_acquire_capability(true, __VA_ARGS__))
#define TN_OWN_IF_FALSE(...) TN_OWN_ATTRIBUTE(try_acquire_capability(false, __VA_ARGS__))
/* On a body that makes the others true, and is not looked at itself. */
#define TN_OWN_BODY TN_OWN_ATTRIBUTE(no_thread_safety_analysis)

#if defined(__OPTIMIZE__) && !defined(TN_OWN_OFF) && !defined(TN_OWN_SANITIZED)
#define TN_OWN_PROOF 1
#ifdef __cplusplus
extern "C" {
#endif
/* nothrow: in the end of a scope that an exception leaves, clang looks at calls that cannot throw only. */
void tn_own_not_owner(void) __attribute__((nothrow, error("ownership: used while it is not owned here (submitted, "
                                                          "completed, released or moved before, or never granted)")));
void tn_own_unproved(void) __attribute__((
    nothrow,
    error("ownership: not proved to be owned on every path that leads here (check what granted it, or ask with "
          "tn_dma_buffer_is_held or tn_fence_is_held)")));
void tn_own_lost(void)
    __attribute__((nothrow, error("ownership: may leave its scope or be overwritten while it is still owned "
                                  "(release, submit, complete or park it on every path)")));
#ifdef __cplusplus
}
#endif
/* `held`: a field of the token that says so, and that the functions only set to constants, so that it is one on every
 * path that an optimiser can tell apart. */
#define TN_OWN_REQUIRE(held)                                                                                           \
    do {                                                                                                               \
        if (!__builtin_constant_p((held) != 0))                                                                        \
            tn_own_unproved();                                                                                         \
        else if ((held) == 0)                                                                                          \
            tn_own_not_owner();                                                                                        \
    } while (0)
#define TN_OWN_EMPTY(held)                                                                                             \
    do {                                                                                                               \
        if (!(__builtin_constant_p((held) == 0) && (held) == 0))                                                       \
            tn_own_lost();                                                                                             \
    } while (0)
#else
#define TN_OWN_REQUIRE(held) ((void)(held))
#define TN_OWN_EMPTY(held)   ((void)(held))
#endif

/* In the rare branch that leaves `held` 0: no instruction, but the compiler cannot make one value of both branches, so
 * that each stays a constant. */
#define TN_OWN_APART() __asm__ volatile("")

/* A function of one's own that is given tokens by address: inlined always, so that they stay in their holder's frame,
 * where the proof sees them. TN_OWN_INLINE: the same, and its body is not analysed. */
#define TN_OWN_HELPER static inline __attribute__((always_inline, unused))
#define TN_OWN_INLINE TN_OWN_HELPER TN_OWN_BODY

#endif
