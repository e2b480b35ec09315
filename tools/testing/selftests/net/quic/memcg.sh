#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# memcg.sh: what sockets, connections and their buffers take is accounted to the memory
# cgroup of the program that they work for, at both ends.
. "$(dirname "$0")/netns.sh"

setup
top=$work/cgroup
mkdir "$top"
mount -t cgroup2 none "$top" 2>/dev/null || skip_all "no cgroups of version 2"
trap 'umount "$top"; teardown' EXIT
grep -qw memory "$top/cgroup.controllers" || skip_all "no memory controller in this kernel"
echo +memory >"$top/cgroup.subtree_control" || skip_all "the memory controller is taken"
export CGROUP_HOME=$top CGROUP=$top
suite quic_memcg
finish
