# SPDX-License-Identifier: GPL-2.0-or-later
# Checks of our own: the strict warning set, sanitizers, CUnit.

# KMM_TRY_CFLAG(FLAG): add FLAG to KMM_CFLAGS when the compiler takes it. Of -Wno-x
# the -Wx is tried: gcc takes any -Wno- in silence.
AC_DEFUN([KMM_TRY_CFLAG],
  [AC_MSG_CHECKING([whether $CC accepts $1])
   kmm_save_CFLAGS="$CFLAGS"
   CFLAGS="$CFLAGS -Werror m4_bpatsubst([$1], [^-Wno-], [-W])"
   AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
     [AC_MSG_RESULT([yes]); KMM_CFLAGS="$KMM_CFLAGS $1"],
     [AC_MSG_RESULT([no])])
   CFLAGS="$kmm_save_CFLAGS"])

AC_DEFUN([KMM_WARNINGS],
  [# Position-independent for libkmm; nobody replaces our functions, so that costs nothing.
   KMM_CFLAGS="-std=gnu17 -fno-strict-aliasing -fno-common -fPIC"
   m4_foreach_w([flag], [-Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes
     -Wold-style-definition -Wpointer-arith -Wwrite-strings -Wshadow -Wundef
     -Wformat=2 -Wimplicit-fallthrough -Wvla -Wcast-align -Wunused
     -Wlogical-op -Wduplicated-cond -Wno-unused-parameter
     -Wno-missing-field-initializers -Wno-override-init -Wno-initializer-overrides
     -fno-semantic-interposition],
     [KMM_TRY_CFLAG(flag)
])])

# Of the engine alone: calls store a few fields, and the next thing that happens is that somebody
# loads them: two at a time, as vectors of whatever lies side by side, have to wait until both are
# in the cache. The model loops of the bench are plain code, and get none of this.
AC_DEFUN([KMM_CODE],
  [kmm_save_flags="$KMM_CFLAGS"
   KMM_CFLAGS=""
   KMM_TRY_CFLAG([-fno-tree-slp-vectorize])
   KMM_CODE_CFLAGS="$KMM_CFLAGS"
   KMM_CFLAGS="$kmm_save_flags"
   AC_SUBST([KMM_CODE_CFLAGS])])

# KMM_SANITIZE(LIST): LIST is "no", "yes" (address,undefined) or what -fsanitize= takes.
AC_DEFUN([KMM_SANITIZE],
  [AS_CASE([$1],
     [no], [],
     [AS_IF([test "x$1" = xyes], [kmm_san=address,undefined], [kmm_san="$1"])
      KMM_CFLAGS="$KMM_CFLAGS -fsanitize=$kmm_san -fno-sanitize-recover=all -fno-omit-frame-pointer"
      KMM_LDFLAGS="$KMM_LDFLAGS -fsanitize=$kmm_san"])])

AC_DEFUN([KMM_CHECK_CUNIT],
  [PKG_CHECK_MODULES([CUNIT], [cunit], [],
     [AC_CHECK_HEADER([CUnit/CUnit.h], [CUNIT_LIBS=-lcunit],
        [AC_MSG_ERROR([CUnit is missing: install libcunit1-dev])])
      AC_SUBST([CUNIT_LIBS])])])
