# Writes a C++ file that holds the spec files as text, so that the program runs from anywhere, alone.
#   cmake -DOUTPUT=file.cc -DFILES=a.toml,b.toml -P embed_specs.cmake
string(REPLACE "," ";" FILES "${FILES}")
set(ENTRIES "")
foreach(FILE IN LISTS FILES)
  get_filename_component(NAME "${FILE}" NAME_WLE)
  file(READ "${FILE}" TEXT)
  string(APPEND ENTRIES "      {\"${NAME}\", R\"spec(${TEXT})spec\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "// Made by cmake/embed_specs.cmake from arch_specs/models.
#include \"sim/cli/models.h\"

namespace llmarch::cli {

const std::vector<EmbeddedSpec>& embedded_specs() {
  static const std::vector<EmbeddedSpec> specs{
${ENTRIES}  };
  return specs;
}

}  // namespace llmarch::cli
")
