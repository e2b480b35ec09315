# SPDX-License-Identifier: GPL-2.0
#
# The unit tests in user space: the leaves of the module and tests/*_kunit.c over the headers in
# tests/shim, with the address and undefined-behaviour sanitizers.
#
#   make -f net/tquic/tests/unit.mk               everything
#   make -f net/tquic/tests/unit.mk LEAF=ranges   the tests of one leaf (or several), and what they need
#   UNIT_SEED=7 make -f ...                       other random numbers
#   make -f ... BUILD_ONLY=1                      build, do not run; V=1 shows the commands

MAKEFLAGS += --no-builtin-rules
TQUIC := $(patsubst %/tests/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
TOP := $(abspath $(TQUIC)/../..)
OUT := $(TOP)/build/unit/$(if $(LEAF),$(subst $() ,+,$(strip $(LEAF))),all)

# each leaf and the leaves that it calls; a header-only leaf has tests alone
leaves := varint ranges header frame tparam ack sent loss cc cc_cubic pacer credit \
	  sendbuf recvbuf stream cid mtu crypto token
need_ack := ranges frame
need_cc := cc_cubic
need_cc_cubic := cc
need_loss := ack sent cc cc_cubic pacer frame ranges
need_sendbuf := ranges
need_stream := ranges sendbuf recvbuf credit tparam
need_token := crypto

tested := $(or $(LEAF),$(leaves))
closure = $(if $(filter-out $1,$(foreach l,$1,$(need_$l))),$(call closure,$(sort $1 $(foreach l,$1,$(need_$l)))),$1)
linked := $(call closure,$(tested))

have = $(patsubst $(TQUIC)/%.c,%,$(wildcard $(patsubst %,$(TQUIC)/%.c,$1)))
leaf_objs := $(call have,$(linked))
# tests/LEAF_kunit.c and, of large leaves, tests/LEAF_WHAT_kunit.c
tests_of = $(wildcard $(TQUIC)/tests/$1_kunit.c $(TQUIC)/tests/$1_*_kunit.c)
test_objs := $(sort $(call have,$(patsubst $(TQUIC)/%.c,%,$(foreach l,$(filter varint $(leaf_objs),$(tested)),$(call tests_of,$l)))))
shim_objs := $(call have,$(patsubst $(TQUIC)/%.c,%,$(wildcard $(TQUIC)/tests/shim/*.c $(if $(filter crypto,$(leaf_objs)),$(TQUIC)/tests/shim/crypto/*.c))))
objs := $(patsubst %,$(OUT)/%.o,$(leaf_objs) $(test_objs) $(shim_objs) tests/main_kunit)

# headers of the kernel whose content the shim has in <linux/types.h> or beside its namesake
FORWARD := asm/unaligned.h:linux/unaligned.h asm/byteorder.h:linux/types.h crypto/algapi.h:crypto/utils.h \
	   linux/atomic.h:linux/refcount.h linux/gfp.h:linux/slab.h linux/module.h:linux/types.h \
	   linux/mm_types.h:linux/mm.h linux/highmem.h:linux/mm.h linux/minmax.h:linux/types.h \
	   linux/bitops.h:linux/types.h linux/bits.h:linux/types.h linux/bug.h:linux/types.h \
	   linux/build_bug.h:linux/types.h linux/cache.h:linux/types.h linux/container_of.h:linux/types.h \
	   linux/err.h:linux/types.h linux/export.h:linux/types.h linux/init.h:linux/types.h \
	   linux/log2.h:linux/types.h linux/math.h:linux/math64.h linux/overflow.h:linux/types.h \
	   linux/printk.h:linux/types.h linux/stddef.h:linux/types.h linux/time64.h:linux/types.h \
	   linux/compiler_attributes.h:linux/types.h linux/net.h:linux/types.h linux/in.h:linux/in6.h \
	   linux/sizes.h:linux/types.h linux/swab.h:linux/types.h linux/array_size.h:linux/types.h

SANITIZE ?= -fsanitize=address,undefined -fno-sanitize-recover=all
CPPFLAGS := -iquote $(TQUIC) -I$(TQUIC)/tests/shim -I$(OUT)/include -I$(TOP)/include -D_GNU_SOURCE
CFLAGS := -std=gnu11 -g -O1 -fno-strict-aliasing -fno-omit-frame-pointer $(SANITIZE) -Wall -Werror \
	  -Wdeclaration-after-statement -Wmissing-prototypes -Wvla -Wno-maybe-uninitialized \
	  -Wno-pointer-sign -Wno-array-bounds
LDLIBS := $(if $(filter crypto,$(leaf_objs)),-lgnutls -lnettle -lhogweed)

quiet := $(if $(V),,@)
say := @$(if $(V),:,echo)

.PHONY: run clean
run: $(OUT)/unit
	@$(if $(BUILD_ONLY),,$<)

$(OUT)/unit: $(objs)
	$(say) "  LINK $(@:$(TOP)/%=%)"
	$(quiet)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)

$(OUT)/%.o: $(TQUIC)/%.c | $(OUT)/include/forward
	@mkdir -p $(@D)
	$(say) "  CC   $(<:$(TOP)/%=%)"
	$(quiet)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(OUT)/include/forward: $(TQUIC)/tests/unit.mk
	@for f in $(FORWARD); do \
		mkdir -p $(OUT)/include/$$(dirname $$f) && \
		echo "#include <$${f#*:}>" > $(OUT)/include/$${f%%:*} || exit 1; \
	done
	@touch $@

-include $(objs:.o=.d)

clean:
	rm -rf $(TOP)/build/unit
