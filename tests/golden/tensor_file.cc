#include "tests/golden/tensor_file.h"

#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace llmarch {

StoredTensors read_tensors(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof(length));
  const auto header = nlohmann::json::parse(bytes.substr(sizeof(length), length));
  const std::string data = bytes.substr(sizeof(length) + length);
  StoredTensors tensors;
  for (const auto& [name, info] : header.items()) {
    if (name == "__metadata__") continue;
    const auto begin = info["data_offsets"][0].get<std::size_t>();
    const auto end = info["data_offsets"][1].get<std::size_t>();
    tensors.push_back({name, info["dtype"].get<std::string>(),
                       info["shape"].get<std::vector<std::int64_t>>(),
                       data.substr(begin, end - begin)});
  }
  return tensors;
}

void write_tensors(const std::filesystem::path& file, const StoredTensors& tensors) {
  nlohmann::json header;
  std::string data;
  for (const auto& [name, dtype, shape, bytes] : tensors) {
    header[name] = {{"dtype", dtype},
                    {"shape", shape},
                    {"data_offsets", {data.size(), data.size() + bytes.size()}}};
    data += bytes;
  }
  const std::string text = header.dump();
  const std::uint64_t length = text.size();
  std::ofstream stream(file, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(&length), sizeof(length));
  stream << text << data;
}

StoredTensor& tensor(StoredTensors& tensors, const std::string& name) {
  for (StoredTensor& each : tensors) {
    if (each.name == name) return each;
  }
  throw std::runtime_error("no tensor '" + name + "'");
}

}  // namespace llmarch
