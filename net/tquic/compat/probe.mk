# SPDX-License-Identifier: GPL-2.0
#
# Looks into the headers of the kernel that the module is built for and defines
# TQUIC_HAVE_X for what it finds there; compat.h turns these into one interface.
# Patterns see a header as one line with single blanks, and have no commas
# and no brackets (a dot stands for them).

tquic-flat = $(shell cat $(srctree)/include/$(1) 2>/dev/null | tr -s '[:space:]' ' ' | grep -Eo -m1 -e '$(2)')
tquic-probe = $(if $(call tquic-flat,$(2),$(3)),-DTQUIC_HAVE_$(1))

ccflags-y += $(if $(wildcard $(srctree)/include/linux/unaligned.h),,-DTQUIC_HAVE_ASM_UNALIGNED)
ccflags-y += $(call tquic-probe,PROTO_ACCEPT_ARG,net/sock.h,struct proto_accept_arg \{)
ccflags-y += $(call tquic-probe,PROTO_IOCTL_KARG,net/sock.h,.\*ioctl..struct sock \*sk. int cmd. int \*karg)
ccflags-y += $(call tquic-probe,PROTO_RECVMSG_ADDR_LEN,net/sock.h,.\*recvmsg..struct sock \*sk.[^;]*addr_len)
ccflags-y += $(call tquic-probe,PROTO_SENDPAGE,net/sock.h,.\*sendpage..)
ccflags-y += $(call tquic-probe,CUSTOM_SOCKOPT,linux/net.h,SOCK_CUSTOM_SOCKOPT)
ccflags-y += $(call tquic-probe,ZEROCOPY_DEVMEM,linux/skbuff.h,msg_zerocopy_realloc.[^;]*devmem)
ccflags-y += $(call tquic-probe,PROTO_PINFO_OFFSET,net/sock.h,ipv6_pinfo_offset;)
ccflags-y += $(call tquic-probe,SK_UID_FUNC,net/sock.h,kuid_t sk_uid.const struct sock)
ccflags-y += $(call tquic-probe,MEMCG_FROM_SK,net/sock.h,mem_cgroup_from_sk.const struct sock)
ccflags-y += $(call tquic-probe,ACCEPT_CHARGES,net/sock.h,void __sk_charge.struct sock)
ccflags-y += $(call tquic-probe,SOCKADDR_UNSIZED,linux/socket.h,struct sockaddr_unsized \{)
ccflags-y += $(call tquic-probe,RECV_ERROR_ADDR_LEN,net/inet_common.h,int inet_recv_error.[^;]*addr_len)
ccflags-y += $(call tquic-probe,FLOWI4_DSCP,net/flow.h,define flowi4_dscp)
ccflags-y += $(call tquic-probe,HRTIMER_SETUP,linux/hrtimer.h,void hrtimer_setup.)
ccflags-y += $(call tquic-probe,NET_SYSCTL_SZ,net/net_namespace.h,register_net_sysctl_sz.)
