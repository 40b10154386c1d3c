# weir_unit_test(common/histogram weir-common ...): t/unit/common/metrics/histogram.c as build/t/common-histogram,
# which prints TAP and is found there by prove.
set(WEIR_TESTS_DIR ${CMAKE_BINARY_DIR}/t)
function(weir_unit_test name)
  string(REPLACE "/" "-" target ${name})
  add_executable(${target} ${CMAKE_SOURCE_DIR}/t/unit/${name}.c)
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${WEIR_TESTS_DIR} SUFFIX ".t")
  target_link_libraries(${target} PRIVATE ${ARGN} PkgConfig::CMOCKA m)
endfunction()
