# Writes a C++ file that holds files as text, so that the program runs from anywhere, alone.
#   cmake -DOUTPUT=file.cc -DFUNCTION=embedded_specs -DFILES=a.toml,b.toml -P embed_specs.cmake
# FUNCTION is declared in sim/cli/embedded.h.
string(REPLACE "," ";" FILES "${FILES}")
set(ENTRIES "")
foreach(FILE IN LISTS FILES)
  get_filename_component(NAME "${FILE}" NAME_WLE)
  file(READ "${FILE}" TEXT)
  string(APPEND ENTRIES "      {\"${NAME}\", R\"spec(${TEXT})spec\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "// Made by cmake/embed_specs.cmake from arch_specs.
#include \"sim/cli/embedded.h\"

namespace llmarch::cli {

const std::vector<EmbeddedFile>& ${FUNCTION}() {
  static const std::vector<EmbeddedFile> files{
${ENTRIES}  };
  return files;
}

}  // namespace llmarch::cli
")
