# SPDX-License-Identifier: GPL-2.0-or-later

EXTRA_DIST += doc/machine-file.md doc/mount.md
