// SPDX-License-Identifier: GPL-2.0
/*
 * copyprobe: calls and bytes of quic.ko's copies from and to user space.  Kprobe events refuse
 * these functions (notrace), register_kprobe() takes them.  /sys/kernel/debug/copyprobe shows one
 * line for each, "name calls bytes"; writing to it sets all to zero.  Sorted out by who calls,
 * not by process: packets are also sent from timers and softirq, on whatever task is current.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/seq_file.h>

static struct probe {
	struct kprobe kp;
	atomic64_t calls, bytes;
} probes[] = {
	{ .kp.symbol_name = "_copy_from_iter" },
	{ .kp.symbol_name = "_copy_to_iter" },
};

static struct dentry *file;

static int copy_seen(struct kprobe *kp, struct pt_regs *regs)
{
	struct probe *p = container_of(kp, struct probe, kp);
	char caller[KSYM_SYMBOL_LEN];

	/* on the stack at the entry: where it will return to */
	sprint_symbol(caller, *(unsigned long *)kernel_stack_pointer(regs));
	if (!strstr(caller, "[quic]"))
		return 0;
	/* both take (address, bytes, iterator) */
	atomic64_inc(&p->calls);
	atomic64_add(regs_get_kernel_argument(regs, 1), &p->bytes);
	return 0;
}

static int show(struct seq_file *m, void *unused)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		seq_printf(m, "%s %lld %lld\n", probes[i].kp.symbol_name,
			   atomic64_read(&probes[i].calls), atomic64_read(&probes[i].bytes));
	return 0;
}

static int open_file(struct inode *inode, struct file *f)
{
	return single_open(f, show, NULL);
}

static ssize_t reset(struct file *f, const char __user *buf, size_t len, loff_t *pos)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		atomic64_set(&probes[i].calls, 0);
		atomic64_set(&probes[i].bytes, 0);
	}
	return len;
}

static const struct file_operations ops = {
	.owner = THIS_MODULE,
	.open = open_file,
	.read = seq_read,
	.write = reset,
	.llseek = seq_lseek,
	.release = single_release,
};

static void remove_probes(size_t n)
{
	while (n--)
		unregister_kprobe(&probes[n].kp);
}

static int __init copyprobe_init(void)
{
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		probes[i].kp.pre_handler = copy_seen;
		err = register_kprobe(&probes[i].kp);
		if (err) {
			pr_err("cannot probe %s: %d\n", probes[i].kp.symbol_name, err);
			remove_probes(i);
			return err;
		}
	}
	file = debugfs_create_file("copyprobe", 0600, NULL, NULL, &ops);
	if (IS_ERR(file)) {
		remove_probes(ARRAY_SIZE(probes));
		return PTR_ERR(file);
	}
	return 0;
}

static void __exit copyprobe_exit(void)
{
	debugfs_remove(file);
	remove_probes(ARRAY_SIZE(probes));
}

module_init(copyprobe_init);
module_exit(copyprobe_exit);
MODULE_DESCRIPTION("counts the copies from and to user space");
MODULE_LICENSE("GPL");
