# SPDX-License-Identifier: GPL-2.0-or-later
# Each experiment is also a test.
dist_check_SCRIPTS += examples/boot.sh examples/buddy.sh examples/slab.sh examples/zones.sh
TESTS += examples/boot.sh examples/buddy.sh examples/slab.sh examples/zones.sh
EXTRA_DIST += examples/machine.sh
