/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machine files: what a good one becomes, the sentence for each kind of bad one,
 * --set, the shipped machines, and text that is thrown at the parser at random.
 */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "support.h"
#include "sim/base/types.h"
#include "sim/boot/config.h"
#include "sim/boot/config_value.h"
#include "sim/boot/program.h"

#define GOOD_NODE "[node 0]\ncpus = 0\nmemory = 1G\n"

static struct machine_config *parse(const char *text, const char *const *sets)
{
	struct machine_config *config = NULL;
	char *error = NULL;
	int err = machine_config_parse("m", text, sets, &config, &error);

	if (err)
		g_printerr("unexpected: %s\n", error);
	CU_ASSERT_EQUAL_FATAL(err, 0);
	CU_ASSERT_PTR_NULL(error);
	return config;
}

/* The text is refused, and the sentence begins with `begin` and contains `word`. */
static void refuse_set(const char *text, const char *set, const char *begin,
		       const char *word)
{
	const char *sets[] = { set, NULL };
	struct machine_config *config = NULL;
	char *error = NULL;
	int err = machine_config_parse("m", text, sets, &config, &error);
	bool ok = err == -EINVAL && !config && error && g_str_has_prefix(error, begin) &&
		  strstr(error, word);

	if (!ok)
		g_printerr("expected '%s...%s', got '%s'\n", begin, word,
			   error ? error : "(accepted)");
	CU_ASSERT(ok);
	machine_config_free(config);
	g_free(error);
}

static void refuse(const char *text, const char *begin, const char *word)
{
	refuse_set(text, NULL, begin, word);
}

static void test_all_keys(void)
{
	static const char text[] =
		"# a comment\n"
		"[machine]\n"
		"arch = x86_64\nrelease = 6.1\ncmdline = movablecore=512M hugepages=16 \n"
		"seed = 0x2a\nplatform = q35\nversion = Linux version 6.1.0 = x\nclock = real\n"
		"boot_time = 1700000000\n"
		"[config]\nHZ = 100\nMEM_SOFT_DIRTY = no\n"
		"[image]\ncode = 0x1000000-0x1e01ef1\ninit = 2612K\n"
		"[node 0]\ncpus = 0-1,3\nmemory = 0x0-0x9fbff 0x100000-0x7fffffff\n"
		"distances = 10 21\n"
		"[node 2]\ncpus = 2\nmemory = 0x100000000-0x17fffffff\n"
		"[zone 0 DMA32]\nmanaged = 502475\nearly = 500330\n"
		"[e820]\n0x0-0x9fbff = usable\n0x9fc00-0xfffff=reserved\n"
		"0x100000-0x7fffffff = USABLE\n0x80000000-0x80000fff = ACPI NVS\n"
		"0x100000000-0x17fffffff = usable\n"
		"[reserve]\nkernel = 0x1000000-0x3bfffff\ninitrd = 0x4000000-0x4ffffff, 0x6000000-0x60fffff\n"
		"[swap 3]\nsize = 512M\n"
		"[swap 1]\nsize = 1G\npriority = 7\n"
		"[file /lib/libc.so.6]\nsize = 1922136\n";
	struct machine_config *c = parse(text, NULL);
	struct phys_range range;
	u64 bytes;

	CU_ASSERT_STRING_EQUAL(c->arch->name, "x86_64");
	CU_ASSERT_EQUAL(c->release, R_6_1);
	CU_ASSERT_STRING_EQUAL(c->cmdline, "movablecore=512M hugepages=16 ");
	CU_ASSERT_EQUAL(c->seed, 42);
	CU_ASSERT_STRING_EQUAL(c->platform, "q35");
	CU_ASSERT_STRING_EQUAL(c->version, "Linux version 6.1.0 = x");
	CU_ASSERT_TRUE(c->clock_real);
	CU_ASSERT_EQUAL(c->boot_time, 1700000000);
	CU_ASSERT_EQUAL(c->nr_cpus, 4);
	CU_ASSERT_EQUAL(c->nr_nodes, 3);
	CU_ASSERT_EQUAL(c->nodes[0].cpus[0], 0xb);
	CU_ASSERT_EQUAL(c->nodes[0].nr_ranges, 2);
	CU_ASSERT_EQUAL(c->nodes[0].ranges[0].end, 0x9fc00);
	CU_ASSERT_EQUAL(c->nodes[0].ranges[1].end, 0x80000000);
	CU_ASSERT_FALSE(c->nodes[1].present);
	CU_ASSERT_TRUE(c->nodes[2].present);
	CU_ASSERT_EQUAL(c->nodes[0].distances[2], 21);
	CU_ASSERT_EQUAL(c->nodes[2].distances[0], 21);
	CU_ASSERT_EQUAL(c->nodes[2].distances[2], 10);
	CU_ASSERT_EQUAL(c->nodes[2].distances[1], 0);
	CU_ASSERT_EQUAL(c->nr_zones, 1);
	CU_ASSERT_EQUAL(c->zones[0].type, ZONE_DMA32);
	CU_ASSERT_TRUE(c->zones[0].has_managed && c->zones[0].has_early);
	CU_ASSERT_EQUAL(c->zones[0].managed, 502475);
	CU_ASSERT_EQUAL(c->zones[0].early, 500330);
	CU_ASSERT_EQUAL(c->nr_e820, 5);
	CU_ASSERT_EQUAL(c->e820[1].type, E820_RESERVED);
	CU_ASSERT_EQUAL(c->e820[3].type, E820_NVS);
	CU_ASSERT_EQUAL(c->nr_reserves, 3);
	CU_ASSERT_STRING_EQUAL(c->reserves[2].name, "initrd");
	CU_ASSERT_EQUAL(c->reserves[2].range.end, 0x6100000);
	CU_ASSERT_EQUAL(c->nr_swaps, 2);
	CU_ASSERT_EQUAL(c->swaps[0].priority, -5);
	CU_ASSERT_EQUAL(c->swaps[1].priority, 7);
	CU_ASSERT_EQUAL(c->nr_files, 1);
	CU_ASSERT_STRING_EQUAL(c->files[0].path, "/lib/libc.so.6");
	CU_ASSERT_EQUAL(c->files[0].size, 1922136);
	CU_ASSERT_EQUAL(machine_config_number(c, "HZ"), 100);
	CU_ASSERT_STRING_EQUAL(machine_config_get(c, "MEM_SOFT_DIRTY"), "n");
	CU_ASSERT_FALSE(machine_config_bool(c, "LRU_GEN_ENABLED"));
	CU_ASSERT_PTR_NULL(machine_config_get(c, "NO_SUCH_OPTION"));
	CU_ASSERT_TRUE(machine_config_image_range(c, "code", &range));
	CU_ASSERT_EQUAL(range.end, 0x1e01ef2);
	CU_ASSERT_TRUE(machine_config_image_size(c, "init", &bytes));
	CU_ASSERT_EQUAL(bytes, 2612 * SZ_1K);
	CU_ASSERT_FALSE(machine_config_image_size(c, "decrypted", &bytes));
	machine_config_free(c);
}

static void test_defaults(void)
{
	struct machine_config *c = parse(GOOD_NODE, NULL);

	CU_ASSERT_STRING_EQUAL(c->arch->name, "x86_64");
	CU_ASSERT_EQUAL(c->release, R_6_18);
	CU_ASSERT_STRING_EQUAL(c->cmdline, "transparent_hugepage=madvise");
	CU_ASSERT_STRING_EQUAL(c->platform, "pc");
	CU_ASSERT_EQUAL(c->nodes[0].distances[0], 10);
	CU_ASSERT_TRUE(machine_config_bool(c, "LRU_GEN_ENABLED"));
	machine_config_free(c);
	/* Without a node: one CPU and the memory of [e820]. */
	c = parse("[e820]\n0x0-0x9fbff = usable\n0x100000-0x7fffffff = usable\n", NULL);
	CU_ASSERT_EQUAL(c->nr_nodes, 1);
	CU_ASSERT_EQUAL(c->nr_cpus, 1);
	CU_ASSERT_EQUAL(c->nodes[0].nr_ranges, 1);
	CU_ASSERT_EQUAL(c->nodes[0].ranges[0].end, 0x80000000);
	machine_config_free(c);
	/* CRLF and no newline at the end. */
	c = parse("[node 0]\r\ncpus = 0\r\nmemory = 1G", NULL);
	CU_ASSERT_EQUAL(c->nodes[0].size, SZ_1G);
	machine_config_free(c);
	/* Distances need not be the same both ways. */
	c = parse("[node 0]\ncpus=0\nmemory=1G\ndistances=10 30\n"
		  "[node 1]\nmemory=1G\ndistances=20 10\n", NULL);
	CU_ASSERT_EQUAL(c->nodes[0].distances[1], 30);
	CU_ASSERT_EQUAL(c->nodes[1].distances[0], 20);
	machine_config_free(c);
}

static void test_bad_lines(void)
{
	refuse("cpus = 0\n", "m:1: ", "before the first [section]");
	refuse("[machine]\n\nfoo\n", "m:3: 'foo'", "neither");
	refuse("[machine\n", "m:1: '[machine'", "not a section");
	refuse("[machine] # x\n", "m:1: ", "not a section");
	refuse("[]\n", "m:1: ", "not a section");
	refuse("[machine]\nseed = 1\nseed = 2\n", "m:3: 'seed' again", "line 2");
	refuse("[machine]\n[config]\n[machine]\n", "m:3: [machine] again", "line 1");
	refuse("[machine]\nsede = 1\n", "m:2: 'sede' is not a key of [machine]", "seed");
	refuse("[machine]\nseed[de] = 1\n", "m:2: 'seed[de]'", "brackets");
	refuse("[machines]\n", "m:1: [machines] is not a section", "[node N]");
	refuse("[machine]\ncmdline = \xff\xfe\n", "m:2: byte 0xff", "UTF-8");
	refuse("[machine]\ncmdline = a\x01 b\n", "m:2: control character 0x01", "line");
	refuse("[machine 1]\n", "m:1: [machine 1]", "nothing");
	refuse("[node]\n", "m:1: [node]", "[node N]");
	refuse("[node 01]\n", "m:1: [node 01]", "[node N]");
	refuse("[node 64]\n", "m:1: [node 64]", "63");
	refuse("[node 99999999999999999999]\n", "m:1: ", "63");
	refuse("[node -1]\n", "m:1: ", "[node N]");
	refuse("[ node 0]\n", "m:1: ", "is not a section");
	refuse("[zone 0]\n", "m:1: [zone 0]", "[zone N NAME]");
	refuse("[zone 0 Dma]\n", "m:1: [zone 0 Dma]", "'Dma' is not a zone");
	refuse("[swap 28]\n", "m:1: ", "27");
	refuse("[swap 0]\nbandwidth = 100\n", "m:2: bandwidth: '100'", "64K to 1T");
	refuse("[swap 0]\nqueue_depth = 0\n", "m:2: queue_depth: '0'", "1023");
	refuse("[disk]\nwrite_latency = 1h\n", "m:2: write_latency: '1h'", "number");
	refuse(GOOD_NODE "[swap 0]\nsize = 1M\nwrite_latency = 0\npath = /dev/zram0\n",
	       "m:7: [swap 0] is zram", "compress_page");
	refuse("[file lib]\n", "m:1: ", "[file /PATH]");
	refuse("[e820]\nx = usable\n", "m:2: 'x'", "START-END");
	refuse("[e820]\n0x0-0xfff = usabel\n", "m:2: 0x0-0xfff: 'usabel'", "soft reserved");
	refuse("[e820]\n0x0-0xfff 0x2000-0x2fff = usable\n", "m:2: ", "one range");
	refuse("[config]\nCONFIG_HZ = 100\n", "m:2: 'CONFIG_HZ'", "HZ");
	refuse("[config]\nHZ = fast\n", "m:2: HZ: 'fast'", "decimal");
	refuse("[config]\nKSM = maybe\n", "m:2: KSM: 'maybe'", "y or n");
	refuse("[config]\nTRANSPARENT_HUGEPAGE = on\n", "m:2: TRANSPARENT_HUGEPAGE: 'on'",
	       "always, madvise or never");
	refuse("[config]\nLEGACY_VSYSCALL = emulate\n", "m:2: LEGACY_VSYSCALL: 'emulate'",
	       "none or xonly");
	refuse("[config]\nNODES_SHIFT = 11\n", "m:2: NODES_SHIFT: '11'", "1 and 10");
	refuse("[config]\nNODES_SHIFT = 0\n", "m:2: NODES_SHIFT: '0'", "1 and 10");
	refuse("[config]\nHZ = 1001\n", "m:2: HZ: '1001'", "100 and 1000");
	refuse("[config]\nHZ = 99\n", "m:2: HZ: '99'", "100 and 1000");
	refuse("[config]\nNR_CPUS = 1\n", "m:2: NR_CPUS: '1'", "2 and 8192");
	refuse("[config]\nNR_CPUS = 8193\n", "m:2: NR_CPUS: '8193'", "2 and 8192");
	refuse("[config]\nFPU_CONTEXT = 0\n", "m:2: FPU_CONTEXT: '0'", "108 and 16384");
	refuse("[config]\nCMA_SIZE_MBYTES = 1000001\n", "m:2: CMA_SIZE_MBYTES: '1000001'",
	       "0 and 1000000");
	refuse("[config]\nNR_CPUS = 2\n[node 0]\nmemory = 1G\ncpus = 0-2\n", "m:2: NR_CPUS: 2",
	       "3 CPUs");
	refuse("[machine]\narch = i386\n[config]\nNR_CPUS = 65\n", "m:4: NR_CPUS: 65",
	       "at most 64");
	refuse("[config]\nNODES_SHIFT = 1\n[node 0]\nmemory = 1G\ncpus = 0\n[node 2]\n"
	       "memory = 1G\n", "m:2: NODES_SHIFT: 1", "node 2");
	refuse("[sysctl]\nswappiness = 10\n", "m:2: 'swappiness'", "vm.swappiness");
	refuse("[sysctl]\nvm..x = 10\n", "m:2: 'vm..x'", "vm.swappiness");
	refuse("[sysctl]\nvm.swappiness =\n", "m:2: vm.swappiness: ''", "value");
	refuse("[machine]\npossible_cpus = 0\n", "m:2: possible_cpus: '0'", "512");
	refuse(GOOD_NODE "[machine]\npresent_cpus = 2\npossible_cpus = 1\n",
	       "m:6: possible_cpus: 1", "2 are present");
	refuse("[image]\ntext = 1\n", "m:2: 'text'", "rodata");
	refuse("[image]\ncode = 12K\n", "m:2: code: '12K'", "range");
}

static void test_bad_values(void)
{
	refuse("[machine]\narch = arm64\n", "m:2: arch: 'arm64'", "i386-pae");
	refuse("[machine]\nrelease = 5.10\n", "m:2: release: '5.10'", "6.18");
	refuse("[machine]\nseed = -1\n", "m:2: seed: '-1'", "number");
	refuse("[machine]\nseed = 18446744073709551616\n", "m:2: seed", "too large");
	refuse("[machine]\nboot_time = 253402300800\n", "m:2: boot_time: '253402300800'", "9999");
	refuse("[machine]\nplatform = mac\n", "m:2: platform: 'mac'", "q35");
	refuse("[machine]\nclock = wall\n", "m:2: clock: 'wall'", "virtual");
	refuse("[node 0]\ncpus = 0-\n", "m:2: cpus: '0-'", "0-3,7");
	refuse("[node 0]\ncpus = 3-1\n", "m:2: cpus: '3-1'", "ends before");
	refuse("[node 0]\ncpus = 512\n", "m:2: cpus: '512'", "512 CPUs");
	refuse("[node 0]\ncpus = 0,,1\n", "m:2: ", "0-3,7");
	refuse("[node 0]\nmemory = 3x\n", "m:2: memory: '3x'", "K, M, G, T or P");
	refuse("[node 0]\nmemory = lots\n", "m:2: memory: 'lots'", "decimal");
	refuse("[node 0]\nmemory = 1000\n", "m:2: memory: '1000'", "whole pages");
	refuse("[node 0]\nmemory = 99999999P\n", "m:2: ", "too large");
	refuse("[node 0]\nmemory = 0x2000-0x1fff\n", "m:2: ", "ends before");
	refuse("[node 0]\nmemory = 0x0-0xffffffffffffffff\n", "m:2: ", "52 bits");
	refuse("[node 0]\nmemory = 0x0-\n", "m:2: ", "START-END");
	refuse("[node 0]\ndistances = 10 x\n", "m:2: ", "decimal");
	refuse("[node 0]\ndistances = 10 70000\n", "m:2: ", "too large");
	refuse("[node 0]\ndistances = 0\n", "m:2: ", "no distance is 0");
	refuse("[zone 0 DMA]\nmanaged = 4K\n", "m:2: managed: '4K'", "pages");
	refuse("[swap 0]\nsize = 100\n", "m:2: size: '100'", "whole pages");
	refuse("[swap 0]\nsize = 4K\n", "m:2: size: '4K'", "40K");
	refuse("[swap 0]\npriority = 40000\n", "m:2: priority", "32767");
	refuse("[reserve]\nkernel = 12M\n", "m:2: kernel: '12M'", "START-END");
	refuse("[file /x]\nsize = 1E\n", "m:2: size: '1E'", "K, M, G, T or P");
}

static void test_bad_together(void)
{
	refuse("", "m: no node has memory", "memory = 4G");
	refuse("[node 0]\nmemory = 1G\n", "m:1: no node has a CPU", "cpus = 0-3");
	refuse("[node 0]\ncpus = 0\n", "m:1: no node has memory", "4G");
	refuse(GOOD_NODE "[node 1]\ncpus = 0\n", "m:5: cpus: CPU 0", "node 0 already");
	refuse("[node 0]\ncpus = 0,2\nmemory = 1G\n", "m:2: cpus: CPU 1", "without a hole");
	refuse("[node 0]\ncpus=0\nmemory=0x0-0xffffff\n[node 1]\nmemory=0x800000-0x1ffffff\n",
	       "m:5: memory: 0x800000-0x1ffffff of node 1 overlaps", "0x0-0xffffff of node 0");
	refuse(GOOD_NODE "[node 1]\nmemory = 0x100000000-0x1ffffffff\n", "m:5: memory: node 1",
	       "the same");
	refuse(GOOD_NODE "[e820]\n0x0-0x3fffffff = usable\n", "m:3: memory: node 0", "[e820]");
	refuse("[node 0]\ncpus=0\nmemory=65T\n", "m:3: memory: x86_64", "65536G");
	refuse("[machine]\narch=i386\n[node 0]\ncpus=0\nmemory=5G\n", "m:5: memory: i386", "4G");
	refuse("[machine]\narch=i386\n" GOOD_NODE "[node 1]\n", "m:6: [node 1]: i386", "one node");
	refuse("[e820]\n0x0-0xfff = usable\n0x800-0x1fff = reserved\n", "m:1: [e820]", "overlaps");
	refuse("[e820]\n0x0-0xfff = reserved\n", "m:1: [e820]", "usable");
	refuse("[node 0]\ncpus=0\nmemory=1G\ndistances = 10\n[node 1]\n", "m:4: distances: 1 given",
	       "2 nodes");
	refuse("[node 0]\ncpus=0\nmemory=1G\ndistances = 10 20 30\n[node 1]\n",
	       "m:4: distances: 3 given", "2 nodes");
	refuse("[node 0]\ncpus=0\nmemory=1G\ndistances = 11\n", "m:4: distances: node 0", "10");
	refuse("[node 0]\ncpus=0\nmemory=1G\ndistances = 10 10\n[node 1]\n", "m:4: distances", "11");
	refuse("[node 0]\ncpus=0\nmemory=1G\ndistances = 10 255\n[node 1]\n", "m:4: distances", "254");
	refuse(GOOD_NODE "[zone 1 DMA]\n", "m:4: [zone 1 DMA]", "no node 1");
	refuse(GOOD_NODE "[zone 0 HighMem]\n", "m:4: [zone 0 HighMem]", "x86_64 has no zone");
	refuse(GOOD_NODE "[zone 0 Device]\n", "m:4: [zone 0 Device]", "no pages");
	refuse(GOOD_NODE "[zone 0 DMA]\nmanaged = 5000\n", "m:5: managed: 5000", "4096");
	refuse(GOOD_NODE "[zone 0 DMA32]\nearly = 262145\n", "m:5: early: 262145", "262144");
	refuse("[machine]\narch=i386-pae\n[node 0]\ncpus=0\nmemory=1G\n[zone 0 DMA32]\n",
	       "m:6: [zone 0 DMA32]", "i386-pae has no zone");
	refuse(GOOD_NODE "[reserve]\nx = 0x400000000000-0x400000000fff\n", "m:5: x: ", "x86_64");
	refuse(GOOD_NODE "[swap 0]\npriority = 1\n", "m:4: [swap 0]", "size");
	refuse(GOOD_NODE "[file /x]\n", "m:4: [file /x]", "size");
	refuse(GOOD_NODE "[file /x]\nhost = /nowhere\n", "m:5: '/nowhere'", "No such file");
	refuse(GOOD_NODE "[file /x]\nhost = /\n", "m:5: '/'", "Invalid argument");
}

static void test_set(void)
{
	static const char text[] = "# head\n[machine]\nseed = 1\n\n# the node\n" GOOD_NODE;
	const char *sets[] = { "release=6.1", "node 0.memory=8G", "swap 0.size=1G",
			       "file /lib/libc.so.6.size=12", "seed=7",
			       "cmdline=mem=1G a.b=c", "sysctl.vm.swappiness=5", NULL };
	struct machine_config *c = parse(text, sets), *again;

	CU_ASSERT_EQUAL(c->release, R_6_1);
	CU_ASSERT_EQUAL(c->seed, 7);
	CU_ASSERT_EQUAL(c->nodes[0].size, 8 * SZ_1G);
	CU_ASSERT_EQUAL(c->nr_swaps, 1);
	CU_ASSERT_STRING_EQUAL(c->files[0].path, "/lib/libc.so.6");
	CU_ASSERT_STRING_EQUAL(c->cmdline, "mem=1G a.b=c");
	CU_ASSERT_STRING_EQUAL(c->text,
			       "# head\n[machine]\nseed = 7\nrelease = 6.1\n"
			       "cmdline = mem=1G a.b=c\n\n# the node\n[node 0]\ncpus = 0\n"
			       "memory = 8G\n\n[swap 0]\nsize = 1G\n\n"
			       "[file /lib/libc.so.6]\nsize = 12\n\n[sysctl]\nvm.swappiness = 5\n");
	CU_ASSERT_EQUAL(c->nr_sysctls, 1);
	again = parse(c->text, NULL);
	CU_ASSERT_STRING_EQUAL(again->text, c->text);
	CU_ASSERT_EQUAL(again->seed, 7);
	CU_ASSERT_EQUAL(again->nodes[0].size, 8 * SZ_1G);
	machine_config_free(again);
	machine_config_free(c);

	refuse_set(text, "release=7", "--set release=7: ", "6.18");
	refuse_set(text, "memory=1T", "--set memory=1T: 'memory'", "[machine]");
	refuse_set(text, "nonsense", "--set nonsense: ", "KEY=VALUE");
	refuse_set(text, "=1", "--set =1: ", "KEY=VALUE");
	refuse_set(text, ".x=1", "--set .x=1: ", "KEY=VALUE");
	refuse_set(text, "node 99.cpus=1", "--set node 99.cpus=1: ", "63");
	refuse_set(text, "seed=1\n[x]", "--set seed=1", "control character");
	refuse_set(text, "node 0.distances=10 20", "--set node 0.distances=10 20: ", "1 nodes");
	refuse_set(text, "node 1.cpus=0", "--set node 1.cpus=0: cpus: CPU 0", "node 0");
}

static void test_shipped(void)
{
	static const char *const names[] = { "pc", "tiny", "numa4", "numa8", "i386", "swap", "hotplug", "small" };
	struct machine_config *c = NULL;
	char *error = NULL;

	CU_ASSERT_EQUAL(nr_shipped_machines, ARRAY_SIZE(names));
	for (unsigned int i = 0; i < nr_shipped_machines; i++) {
		CU_ASSERT_STRING_EQUAL(shipped_machines[i].name, names[i]);
		CU_ASSERT(strlen(shipped_machines[i].help) > 10);
		CU_ASSERT_EQUAL(machine_config_load(names[i], NULL, &c, &error), 0);
		CU_ASSERT_PTR_NULL(error);
		CU_ASSERT_STRING_EQUAL(c->text, shipped_machines[i].text);
		machine_config_free(c);
	}
	CU_ASSERT_EQUAL(machine_config_load("pc", NULL, &c, &error), 0);
	CU_ASSERT_EQUAL(c->nr_nodes, 2);
	CU_ASSERT_EQUAL(c->nr_cpus, 4);
	CU_ASSERT_EQUAL(c->nodes[0].size + c->nodes[1].size, 4 * SZ_1G);
	machine_config_free(c);
}

static void test_load(void)
{
	g_autofree char *dir = g_dir_make_tmp("kmm-config-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "m", NULL);
	struct machine_config *c = NULL;
	char *error = NULL;

	CU_ASSERT_EQUAL(machine_config_load(path, NULL, &c, &error), -ENOENT);
	CU_ASSERT(error && strstr(error, "shipped machines are pc tiny"));
	g_clear_pointer(&error, g_free);
	CU_ASSERT_EQUAL(machine_config_load(dir, NULL, &c, &error), -EISDIR);
	CU_ASSERT(error && g_str_has_prefix(error, dir));
	g_clear_pointer(&error, g_free);
	CU_ASSERT_TRUE(g_file_set_contents(path, "[node 0]\0\n", 10, NULL));
	CU_ASSERT_EQUAL(machine_config_load(path, NULL, &c, &error), -EINVAL);
	CU_ASSERT(error && strstr(error, "byte 0"));
	g_clear_pointer(&error, g_free);
	CU_ASSERT_TRUE(g_file_set_contents(path, GOOD_NODE, -1, NULL));
	CU_ASSERT_EQUAL(machine_config_load(path, NULL, &c, &error), 0);
	CU_ASSERT_PTR_NULL(error);
	machine_config_free(c);
	g_remove(path);
	g_rmdir(dir);
}

static u64 next_random(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Shipped texts with bytes changed and lines moved: never a crash, always a sentence. */
static void test_fuzz(void)
{
	static const char alphabet[] = "[]=#-0x9aKMGTP.,\n\r \t\xc3\xff/nzs";
	unsigned int nr_good = 0, nr_bad = 0;
	u64 state = 88172645463325252ULL;

	for (unsigned int round = 0; round < 4000; round++) {
		g_autofree char *text =
			g_strdup(shipped_machines[round % nr_shipped_machines].text);
		struct machine_config *c, *again;
		size_t len = strlen(text);
		char *error;

		for (u64 n = next_random(&state) % 6; n; n--) {
			char *at = text + next_random(&state) % len;

			*at = alphabet[next_random(&state) % (sizeof(alphabet) - 1)];
		}
		if (round % 7 == 0) {
			char *to = text + next_random(&state) % (len / 2);
			const char *from = text + next_random(&state) % (len / 2);

			memmove(to, from, next_random(&state) % (len / 2));
		}
		if (machine_config_parse("m", text, NULL, &c, &error)) {
			CU_ASSERT_FATAL(error && g_str_has_prefix(error, "m:"));
			CU_ASSERT_FATAL(!c);
			g_free(error);
			nr_bad++;
			continue;
		}
		CU_ASSERT_FATAL(!machine_config_parse("m", c->text, NULL, &again, &error));
		CU_ASSERT_STRING_EQUAL(again->text, c->text);
		machine_config_free(again);
		machine_config_free(c);
		nr_good++;
	}
	CU_ASSERT(nr_good > 100);
	CU_ASSERT(nr_bad > 100);
}

/* A file of the host: this test itself is a program; what it runs on may not be ours. */
static void test_host_files(void)
{
	struct machine_config *c = parse(GOOD_NODE "[file /a]\nhost = /proc/self/exe\n"
					 "[file /b]\nhost = /proc/self/exe\nsize = 5\n", NULL);
	const struct program *program = c->files[0].program;

	CU_ASSERT_NOT_EQUAL(c->files[0].size, 0);
	CU_ASSERT_EQUAL(c->files[1].size, 5);
#ifdef __x86_64__
	CU_ASSERT_PTR_NOT_NULL_FATAL(program);
	CU_ASSERT_TRUE(program->nr_segments >= 2);
	CU_ASSERT_TRUE(program->entry != 0);
	CU_ASSERT_TRUE(program->segments[0].memsz >= program->segments[0].filesz);
	CU_ASSERT_EQUAL(program->dynamic, program->segments[0].vaddr == 0);
	CU_ASSERT_FALSE(program->exec_stack);
#else
	(void)program;
#endif
	machine_config_free(c);
	c = parse("[machine]\narch = i386\n" GOOD_NODE "[file /a]\nhost = /proc/self/exe\n", NULL);
#ifdef __x86_64__
	CU_ASSERT_PTR_NULL(c->files[0].program);
#endif
	machine_config_free(c);
}

static void test_values(void)
{
	const char *why;
	u64 n, words[2] = { 0, 0 };

	CU_ASSERT(config_value_size("16E", &n, &why) == false);
	CU_ASSERT(config_value_size("2P", &n, &why) && n == 2ULL << 50);
	CU_ASSERT(config_value_size("0x10k", &n, &why) && n == 16384);
	CU_ASSERT(!config_value_size("", &n, &why));
	CU_ASSERT(!config_value_size("0x", &n, &why));
	CU_ASSERT(!config_value_size("1 G", &n, &why));
	CU_ASSERT(!config_value_u64("1a", &n, &why));
	CU_ASSERT(config_value_u64("0xffffffffffffffff", &n, &why) && n == UINT64_MAX);
	CU_ASSERT(!config_value_u64("0x10000000000000000", &n, &why));
	CU_ASSERT(config_value_list("0,64-66, 127", words, 128, &why));
	CU_ASSERT_EQUAL(words[0], 1);
	CU_ASSERT_EQUAL(words[1], 0x8000000000000007ULL);
	CU_ASSERT(config_value_list("", words, 128, &why));
	CU_ASSERT(!config_value_list("128", words, 128, &why));
}

static const CU_TestInfo tests[] = {
	{ "values", test_values },
	{ "all keys", test_all_keys },
	{ "defaults", test_defaults },
	{ "bad lines", test_bad_lines },
	{ "bad values", test_bad_values },
	{ "bad together", test_bad_together },
	{ "files of the host", test_host_files },
	{ "--set", test_set },
	{ "shipped machines", test_shipped },
	{ "files", test_load },
	{ "random text", test_fuzz },
};

int main(void)
{
	return suite_main("config", tests, ARRAY_SIZE(tests), NULL, NULL);
}
