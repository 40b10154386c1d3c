# DASHBOARD_C: the page of the admin port with the chart library it needs, the runbook and openapi.yaml, as C.
find_file(WEIR_CHART_JS NAMES chart.min.js Chart.min.js chart.umd.min.js chart.umd.js
  PATHS /usr/share/javascript/chart.js /usr/share/nodejs/chart.js/dist NO_DEFAULT_PATH
  DOC "Chart.js, for the dashboard")
if(NOT WEIR_CHART_JS)
  message(FATAL_ERROR "Chart.js is missing: install the package libjs-chart.js, or say where it is: "
    "-DWEIR_CHART_JS=/path/chart.min.js")
endif()

file(GLOB DASHBOARD_PATHS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/node/dashboard/*)
list(FILTER DASHBOARD_PATHS EXCLUDE REGEX "/README\\.md$")
set(DASHBOARD_FILES "chart.min.js=${WEIR_CHART_JS}")
foreach(path ${DASHBOARD_PATHS})
  get_filename_component(name ${path} NAME)
  list(APPEND DASHBOARD_FILES "${name}=${path}")
endforeach()
set(OPENAPI ${CMAKE_SOURCE_DIR}/node/openapi.yaml)
set(RUNBOOK ${CMAKE_SOURCE_DIR}/docs/runbook.md)
list(APPEND DASHBOARD_FILES "openapi.yaml=${OPENAPI}" "runbook.md=${RUNBOOK}")
set(DASHBOARD_C ${CMAKE_BINARY_DIR}/generated/node_assets.c)
add_custom_command(
  OUTPUT ${DASHBOARD_C}
  COMMAND ${CMAKE_COMMAND} -DOUT=${DASHBOARD_C} -DHEADER=node/admin/assets.h -DTABLE=assets "-DFILES=${DASHBOARD_FILES}"
          -P ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
  DEPENDS ${DASHBOARD_PATHS} ${OPENAPI} ${RUNBOOK} ${WEIR_CHART_JS} ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
  VERBATIM)
