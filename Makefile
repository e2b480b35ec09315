# SPDX-License-Identifier: GPL-2.0
#
# tquic: the module, the library, the tools, and everything that tests them.  `make help`.
# The module is built apart for each kernel, in build/KERNEL/, through links to the
# sources; that of the default kernel is copied to net/tquic/quic.ko.

#: make              the module (for the running kernel, else for the newest 6.12 with headers), libquic, tools
#: make modules      the module alone; KDIR=folder for another kernel; W=1 C=2 V=1 as in the kernel;
#:                   TQUIC_BENCH=1: also bench/floor and bench/copyprobe
#: make run          a guest with two namespaces, iperf3 through QUIC, kTLS and TCP, one table
#:                   TIME=10 STREAMS=4 MTU=9000 ICOUNT=1 KVER=6.1 NATIVE=1 vary it
#: make test         the selftests in a guest; KVER=6.1 TESTS="a b" QUICK=1; DEBUG=1: in the debug kernel
#:                   ICOUNT=1: whatever else this machine does; REPEAT=10: so many rounds
#:                   SWITCHES="zerocopy=0 gso=1 gro=0": of net.tquic; SWITCHES=all: a round for each of the 8
#: make interop      the selftests against other implementations of QUIC (unpacked by scripts/peers);
#:                   TESTS="aioquic curl" CASES="retry ipv6" ROLES=client QUICK=1 PCAP=1 OUT=folder
#: make unit         unit tests in user space, under ASan and UBSan
#: make kunit        the same tests in the debug kernel
#: make check        the rules of the house
#: make bench        speed, in instructions, against the targets; ONLY="1 KB" REPEAT=5 OUT=folder
#: scripts/perf_test_zerocopy.sh [--quick] [--out DIR]   all of it: counts, plots, regressions
#: make install      module, library and tools; DESTDIR= PREFIX=
#: make clean

SHELL := /bin/bash
MAKEFLAGS += -j$(shell nproc) --no-print-directory

ifeq ($(origin KDIR),undefined)
default_kernel := 1
KDIR = $(eval KDIR := $(shell scripts/default-kdir))$(KDIR)
endif
RELEASE = $(eval RELEASE := $(or $(patsubst /lib/modules/%/build,%,$(filter /lib/modules/%/build,$(KDIR))), \
	$(shell cat $(KDIR)/include/config/kernel.release 2>/dev/null),none))$(RELEASE)
# debug kernels of several configurations have one release, and cache folders of their own
BUILD = build/$(RELEASE)$(addprefix -,$(filter uml-%,$(subst /, ,$(KDIR))))$(if $(filter 1,$(TQUIC_KUNIT)),-kunit)

DESTDIR ?=
PREFIX ?= /usr/local
export DESTDIR PREFIX

TOOLS := tools/lib/quic tools/quicize bench
USERDIRS := $(TOOLS) tools/testing/selftests/net/quic tools/testing/selftests/net/quic/interop

.PHONY: all user tools modules folder run test interop kunit unit check bench install clean help $(USERDIRS:%=in-%)

all: modules user

user: $(USERDIRS:%=in-%)

tools: $(TOOLS:%=in-%)

$(USERDIRS:%=in-%): in-%:
	$(MAKE) -C $*

$(filter-out in-tools/lib/quic,$(USERDIRS:%=in-%)): in-tools/lib/quic

modules:
	@[ -e "$(KDIR)/Makefile" ] || { \
		echo "no kernel headers in '$(KDIR)': run scripts/deps build, or give KDIR=" >&2; exit 1; }
	@scripts/farm $(BUILD)
	@flock $(BUILD)/.lock $(MAKE) -C $(KDIR) M=$(CURDIR)/$(BUILD) modules
ifdef default_kernel
	@[ "$(TQUIC_KUNIT)" = 1 ] || cp $(BUILD)/net/tquic/quic.ko net/tquic/quic.ko
endif

# for scripts
folder:
	@echo $(BUILD)

run:
	@scripts/run

test:
	@scripts/selftest

interop:
	@scripts/interop

kunit:
	@scripts/kunit

unit:
	@$(MAKE) -f net/tquic/tests/unit.mk

check:
	@scripts/check

bench:
	@scripts/bench

install: all
	install -D -m 644 $(BUILD)/net/tquic/quic.ko $(DESTDIR)/lib/modules/$(RELEASE)/updates/quic.ko
	$(MAKE) -C tools/lib/quic install
	$(MAKE) -C tools/quicize install
	[ -n "$(DESTDIR)" ] || PATH=$$PATH:/usr/sbin:/sbin depmod $(RELEASE)

clean:
	rm -rf build
	find net -name '*.[oad]' -o -name '.*.cmd' -o -name '*.ko' -o -name '*.mod' -o -name '*.mod.c' | xargs -r rm -f
	rm -f .*.cmd .module-common.c Module.symvers modules.order net/tquic/modules.order
	for d in $(USERDIRS); do $(MAKE) -C $$d clean || exit 1; done
	$(MAKE) -f net/tquic/tests/unit.mk clean

help:
	@sed -n 's/^#: //p' Makefile
