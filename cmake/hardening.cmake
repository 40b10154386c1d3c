# What makes a fault in memory harder to use: stack canaries, checked calls of libc, control-flow marks, addresses that
# are chosen at start, and relocations that cannot be written once it runs. t/style/hardened.t reads the programs for it.
#
# Each flag is asked for first: not every processor has each (-fcf-protection is x86's, -mbranch-protection is ARM's).
# Sanitizers check more, and replace the calls that _FORTIFY_SOURCE checks, so builds with them go without.
# _FORTIFY_SOURCE needs optimization: only the release build has it.
include(CheckCCompilerFlag)
include(CheckCXXCompilerFlag)

function(weir_harden_if_known flag)
  string(MAKE_C_IDENTIFIER "WEIR_HAS_${flag}" known)
  check_c_compiler_flag(${flag} ${known}_C)
  check_cxx_compiler_flag(${flag} ${known}_CXX)
  if(${known}_C AND ${known}_CXX)
    add_compile_options(${flag})
  endif()
endfunction()

if(NOT WEIR_SANITIZE AND NOT WEIR_FUZZ)
  foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection -mbranch-protection=standard)
    weir_harden_if_known(${flag})
  endforeach()
  if(CMAKE_BUILD_TYPE MATCHES "^Rel|^MinSizeRel")
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  endif()
  add_compile_options(-fPIE)
  add_link_options(-pie LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)
endif()
