# llmarch_layer(NAME [FOLDER folder] links...): the library of one folder, all of its .cc files but the
# benchmarks, and what it may link. A folder is a layer, so a new file needs no line here.
function(llmarch_layer NAME FOLDER)
  file(GLOB SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${FOLDER}/*.cc)
  list(FILTER SOURCES EXCLUDE REGEX "_bench\\.cc$|/main\\.cc$")
  add_library(${NAME} STATIC ${SOURCES})
  target_include_directories(${NAME} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${NAME} ${ARGN})
endfunction()
