// How the tests write GGUF files byte by byte.
#pragma once

#include "tests/weights/written_files.h"

namespace llmarch::weights_test {

// The numbers of the types of values, as the format has them.
enum : std::uint32_t { kU8 = 0, kU32 = 4, kF32 = 6, kBool = 7, kString = 8, kArray = 9, kU64 = 10 };

inline std::string gguf_string(std::string_view text) {
  return bytes_of({std::uint64_t{text.size()}}).append(text);
}

// A key and its value, whose bytes are given.
inline std::string gguf_key(std::string_view name, std::uint32_t type, std::string_view value) {
  return gguf_string(name).append(bytes_of({type})).append(value);
}

inline std::string gguf_u32(std::string_view name, std::uint32_t value) {
  return gguf_key(name, kU32, bytes_of({value}));
}

inline std::string gguf_array(std::string_view name, std::uint32_t type, std::uint64_t length,
                              std::string_view values) {
  return gguf_key(name, kArray, bytes_of({type}).append(bytes_of({length})).append(values));
}

// What a header states about a tensor; its extents are in the file's order, columns first.
inline std::string gguf_tensor(std::string_view name, std::initializer_list<std::int64_t> extents,
                               std::uint32_t type, std::uint64_t offset) {
  return gguf_string(name)
      .append(bytes_of({static_cast<std::uint32_t>(extents.size())}))
      .append(bytes_of(extents))
      .append(bytes_of({type}))
      .append(bytes_of({offset}));
}

struct WrittenGguf {
  std::uint32_t version = 3;
  std::initializer_list<std::string> keys;
  std::initializer_list<std::string> tensors;
  std::string data = "";
  std::size_t alignment = 32;
};

inline std::string gguf(const WrittenGguf& parts) {
  std::string bytes =
      "GGUF" + bytes_of({parts.version}) +
      bytes_of({std::uint64_t{parts.tensors.size()}, std::uint64_t{parts.keys.size()}});
  for (const std::string& key : parts.keys) bytes += key;
  for (const std::string& tensor : parts.tensors) bytes += tensor;
  while (bytes.size() % parts.alignment != 0) bytes += '\0';
  return bytes + parts.data;
}

}  // namespace llmarch::weights_test
