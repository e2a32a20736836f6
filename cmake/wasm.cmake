# The libraries for WebAssembly, under the names that find_package gives them elsewhere. Debian has none
# compiled, so they come from their headers, which are the same for every processor; Program_options of Boost
# is compiled from the sources that packaging/wasm/make fetches.
set(LLMARCH_BOOST_SOURCES "" CACHE PATH "the sources of Boost, of the version of its installed headers")
add_compile_options(-fwasm-exceptions)
add_link_options(-fwasm-exceptions)

# /usr/include itself holds the headers of the C library of this machine.
set(WASM_INCLUDE ${CMAKE_BINARY_DIR}/include)
file(MAKE_DIRECTORY ${WASM_INCLUDE})
foreach(LIBRARY boost fmt nlohmann toml++)
  file(CREATE_LINK /usr/include/${LIBRARY} ${WASM_INCLUDE}/${LIBRARY} SYMBOLIC)
endforeach()
add_library(wasm_headers INTERFACE)
target_include_directories(wasm_headers SYSTEM INTERFACE ${WASM_INCLUDE})

add_library(wasm_fmt INTERFACE)
target_link_libraries(wasm_fmt INTERFACE wasm_headers)
target_compile_definitions(wasm_fmt INTERFACE FMT_HEADER_ONLY=1)
add_library(fmt::fmt-header-only ALIAS wasm_fmt)
add_library(nlohmann_json::nlohmann_json ALIAS wasm_headers)

file(GLOB PROGRAM_OPTIONS ${LLMARCH_BOOST_SOURCES}/libs/program_options/src/*.cpp)
list(FILTER PROGRAM_OPTIONS EXCLUDE REGEX "winmain")
add_library(boost_program_options STATIC ${PROGRAM_OPTIONS})
target_link_libraries(boost_program_options PUBLIC wasm_headers)
target_compile_options(boost_program_options PRIVATE -w)
set_target_properties(boost_program_options PROPERTIES UNITY_BUILD OFF)
add_library(Boost::program_options ALIAS boost_program_options)

# wasm_module(NAME SOURCE options...): an ES module NAME.mjs and NAME.wasm; the options are the linker's.
function(wasm_module NAME SOURCE)
  add_executable(${NAME} ${SOURCE})
  set_target_properties(${NAME} PROPERTIES SUFFIX .mjs)
  target_link_options(${NAME} PRIVATE -sEXPORT_ES6 -sMODULARIZE -sALLOW_MEMORY_GROWTH -sSTACK_SIZE=4MB
    -sFORCE_FILESYSTEM -sINCOMING_MODULE_JS_API=preRun,print,printErr,wasmBinary,locateFile,noInitialRun,instantiateWasm,stdout,stderr,stdin ${ARGN})
endfunction()
