# Debian's libcivetweb-dev ships no .pc file, and its CMake package wants the server's binary as well.
find_path(CIVETWEB_INCLUDE_DIR civetweb.h REQUIRED)
find_library(CIVETWEB_LIBRARY civetweb REQUIRED)
add_library(weir-civetweb INTERFACE)
target_include_directories(weir-civetweb INTERFACE ${CIVETWEB_INCLUDE_DIR})
target_link_libraries(weir-civetweb INTERFACE ${CIVETWEB_LIBRARY})
