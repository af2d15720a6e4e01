# SPDX-License-Identifier: Apache-2.0
# The front door. Everything real is in meson.build and tools/; this file only names it.
#
#   DISK=path MANIFEST=name MEM=MiB IOMMU=off DEVICES='edu …'   for run, diag
#   TEST=words   for test        BUILD=debug   adds checks        CC=clang   the other compiler; both in build folders of their own
PYTHON := /usr/bin/python3
CC     := $(if $(filter default undefined,$(origin CC)),gcc,$(CC))
BUILD  ?= release
DIR    := build$(if $(filter debug,$(BUILD)),-debug)$(if $(filter-out gcc,$(CC)),-$(notdir $(CC)))

# Through the environment, so that names with blanks and quotes arrive as they are.
export TENURE_DISK := $(DISK)
RUN = $(PYTHON) tools/run.py --build $(DIR) $${TENURE_DISK:+--disk "$$TENURE_DISK"} $(if $(MEM),--memory '$(MEM)') $(if $(IOMMU),--iommu '$(IOMMU)') \
      $(foreach device,$(DEVICES),--device '$(device)')

HOSTILE = $(addprefix tests/smoke/test_,$(addsuffix .py,isolation hardware_alone rings hostile_calls guard device_authority edu irq_steps))

.DEFAULT_GOAL := help
.PHONY: run-kill test-kill tcb test-hostile docs iso prove help run diag run-read test test-long build bench coverage format clean deps configure

help:           ## Lists the targets
	@sed -n 's/^\([a-z-]*\): .*## /\1|/p' Makefile | awk -F'|' '{ printf "  make %-10s %s\n", $$1, $$2 }'
	@echo "  Settings: DISK=path MANIFEST=name MEM=MiB IOMMU=off DEVICES='edu …' (run), TEST=words (test), BUILD=debug, CC=clang, YES=1"

run: build      ## Boots the machine: a user-mode driver reads all of DISK through DmaBuffers
	@$(RUN) $(if $(MANIFEST),--manifest '$(MANIFEST)')

diag: build     ## Boots to the console's prompt, before the first driver: pci, acpi, irq, mem, ... (docs/console.md)
	@$(RUN) --diag $(if $(MANIFEST),--manifest '$(MANIFEST)')

run-read: build ## The same job under the name it keeps when `run` does more
	@$(RUN) --manifest read

run-kill: build ## Reads and hashes DISK while its driver is killed every half second
	@$(RUN) --manifest kill

iso: build      ## Makes build/tenure.iso, which GRUB boots on BIOS and UEFI machines (CD or USB stick)
	@$(PYTHON) tools/mkiso.py $(DIR)/tenure.elf $(DIR)/initrd.cpio $(DIR)/tenure.iso 'manifest=$(or $(MANIFEST),read)'

test: configure ## Builds everything and runs every test
	@ninja -C $(DIR) --quiet all tests
	@$(PYTHON) tools/runtests.py --build $(DIR) $(if $(TEST),--only '$(TEST)')

test-long: configure ## Runs the long tests; interrupted, it goes on where it stopped. RECORD=docs/long-tests.txt: or where others did
	@ninja -C $(DIR) --quiet all tests
	@$(PYTHON) tools/runlong.py --build $(DIR) $(if $(MINUTES),--minutes '$(MINUTES)') $(if $(RECORD),--record '$(RECORD)')

test-kill: configure ## Kills a driver at each of its calls and instructions, in pieces; goes on where it stopped
	@ninja -C $(DIR) --quiet all tests
	@$(PYTHON) tools/runlong.py --build $(DIR) --only kill_everywhere $(if $(MINUTES),--minutes '$(MINUTES)')

test-hostile: configure ## Runs the programs that try to break out, the long ones too
	@ninja -C $(DIR) --quiet all tests
	@TENURE_BUILD=$(DIR) $(PYTHON) -m pytest -q -c tests/pytest.ini --rootdir tests -m 'long or not long' $(HOSTILE)

tcb:            ## Counts the lines that everything trusts
	@$(PYTHON) tools/tcb.py

build: configure ## Builds build/tenure.elf and build/initrd.cpio (release)
	@ninja -C $(DIR) --quiet

prove: deps     ## Proves core/ with Frama-C/WP: every goal, or it fails
	@$(PYTHON) tools/prove.py --build $(DIR) $(if $(UNIT),--unit '$(UNIT)')

docs: configure ## Writes what the docs take from the code: state machines, locks, the references of library and ABI
	@ninja -C $(DIR) --quiet tools/draw-machines tools/draw-locks
	@$(DIR)/tools/draw-machines >docs/state-machines.md
	@$(DIR)/tools/draw-locks >docs/locks.md
	@$(PYTHON) tools/api_reference.py >docs/libtenure-api.md
	@$(PYTHON) tools/abi_reference.py >docs/abi.md

bench: configure ## Measures; prints `name value unit` and writes build/bench.json
	@ninja -C $(DIR) --quiet all bench-plugin
	@$(PYTHON) bench/bench.py --build $(DIR)

coverage: deps  ## Lines and branches of core/ that the host tests run; fails below 100 %
	@$(PYTHON) tools/coverage.py --build $(DIR)

format: deps    ## Formats every C file in place
	@git ls-files --cached --others --exclude-standard '*.c' '*.h' | xargs -r clang-format -i

clean:          ## Removes every build folder
	rm -rf build build-debug build-clang build-debug-clang

deps:
	@tools/deps.sh

configure: deps
	@test -f $(DIR)/build.ninja || CC='$(CC)' meson setup $(DIR) --buildtype=debugoptimized -Dchecks=$(if $(filter debug,$(BUILD)),true,false) >$(DIR).log 2>&1 \
	    && rm -f $(DIR).log || { cat $(DIR).log; rm -f $(DIR).log; exit 1; }
