# SPDX-License-Identifier: Apache-2.0
"""The flags that make errors of what the compilers find beside the proof, as pkg-config gives them to users."""

ERRORS = ["-Werror=unused-result", "-Werror=incompatible-pointer-types"]
ANALYSIS = ["-Wthread-safety", "-Werror=thread-safety-analysis", "-Werror=thread-safety-attributes", *ERRORS]
STRICT_GCC = [*ERRORS, "-Werror=use-after-free", "-Werror=mismatched-dealloc"]
