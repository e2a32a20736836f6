# llmarch_fmt and llmarch_toml_library: fmt and toml++, as Debian has them, or from their headers where the
# program is to need no shared library; Debian has no static ones.
add_library(llmarch_fmt INTERFACE)
add_library(llmarch_toml_library INTERFACE)
if(LLMARCH_STATIC)
  target_link_libraries(llmarch_fmt INTERFACE fmt::fmt-header-only)
  file(WRITE ${CMAKE_BINARY_DIR}/toml_implementation.cc "#define TOML_IMPLEMENTATION\n#include <toml++/toml.h>\n")
  add_library(llmarch_toml_implementation STATIC ${CMAKE_BINARY_DIR}/toml_implementation.cc)
  target_compile_definitions(llmarch_toml_implementation PUBLIC TOML_HEADER_ONLY=0)
  target_link_libraries(llmarch_toml_library INTERFACE llmarch_toml_implementation)
else()
  target_link_libraries(llmarch_fmt INTERFACE fmt::fmt)
  target_link_libraries(llmarch_toml_library INTERFACE tomlplusplus::tomlplusplus)
endif()
