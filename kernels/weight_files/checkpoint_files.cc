#include "kernels/weight_files/checkpoint_files.h"

#include <fmt/core.h>

#include <span>
#include <system_error>
#include <utility>

#include "kernels/weight_files/random_access_file.h"
#include "kernels/weight_files/strict_json.h"
#include "sim/spec/file_error.h"

namespace llmarch {
namespace {

constexpr std::string_view kWholeFile = "model.safetensors";
constexpr std::string_view kIndexFile = "model.safetensors.index.json";
constexpr std::string_view kWeightMap = "weight_map";
// Some 100 bytes a tensor make 20 MB for the 200,000 tensors of a large mixture of experts.
constexpr std::uint64_t kLargestIndex = 100'000'000;

// A link counts as there even when it leads nowhere: a download cache is full of links, and the
// error should name the one that is broken.
bool is_there(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::symlink_status(path, error);
  if (status.type() == std::filesystem::file_type::none) {
    throw FileError(path, fmt::format("cannot be examined: {}; check the permissions of its folder",
                                      error.message()));
  }
  return std::filesystem::exists(status);
}

// Anything else could lead out of the folder.
bool is_plain_file_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string_view::npos;
}

// Listens to an index: an object whose weight_map gives each tensor's shard. Everything else in it
// is for people and ignored.
class IndexListener : public JsonListener {
 public:
  void open(Bracket bracket) override {
    if (in_map_ || (at_map() && bracket == Bracket::array)) unexpected();
    if (at_map()) {
      if (std::exchange(has_map_, true)) throw Malformed("weight_map appears twice");
      in_map_ = true;
    }
    ++depth_;
  }
  void close() override {
    --depth_;
    in_map_ = false;  // nothing opens within the map, so this is its end or a later one's
  }
  void key(std::string name) override { key_ = std::move(name); }
  void text(std::string shard) override {
    if (!in_map_) return other("a string");
    if (!is_plain_file_name(shard)) {
      throw Malformed(fmt::format("the shard {} of tensor {} is not a plain file name",
                                  in_quotes(shard), in_quotes(key_)));
    }
    if (shards_.size() == kMostTensors) {
      throw Malformed(fmt::format("it names more than {} tensors", kMostTensors));
    }
    if (!shards_.emplace(key_, std::move(shard)).second) {
      throw Malformed(fmt::format("the tensor {} appears twice", in_quotes(key_)));
    }
  }
  void number(std::uint64_t) override { other("a number"); }
  void other(std::string_view) override {
    if (in_map_ || at_map()) unexpected();
  }

  // Shard by tensor.
  std::map<std::string, std::string> finish() && {
    if (!has_map_) throw Malformed("it has no weight_map");
    return std::move(shards_);
  }

 private:
  // Between the key weight_map of the outermost object and its value.
  [[nodiscard]] bool at_map() const { return depth_ == 1 && key_ == kWeightMap; }

  [[noreturn]] void unexpected() const {
    if (!in_map_) throw Malformed("its weight_map must be an object");
    throw Malformed(fmt::format("the shard of tensor {} must be a string", in_quotes(key_)));
  }

  std::size_t depth_ = 0;
  bool in_map_ = false;
  bool has_map_ = false;
  std::string key_;
  std::map<std::string, std::string> shards_;
};

std::string read_index(const std::filesystem::path& path) {
  const RandomAccessFile file = RandomAccessFile::open(path);
  if (file.size() > kLargestIndex) {
    throw FileError(path, fmt::format("has {} bytes, over the limit of {} for an index; fetch it "
                                      "again",
                                      file.size(), kLargestIndex));
  }
  std::string text(file.size(), '\0');
  file.read_at(0, std::as_writable_bytes(std::span(text)));
  return text;
}

// Tensors by shard.
std::map<std::string, std::vector<std::string>> load_index(const std::filesystem::path& path) {
  try {
    IndexListener listener;
    walk_json_object(read_index(path), listener);
    std::map<std::string, std::vector<std::string>> shards;
    for (auto& [tensor, shard] : std::move(listener).finish()) shards[shard].push_back(tensor);
    return shards;
  } catch (const Malformed& problem) {
    throw FileError(path, fmt::format("{}; it is damaged or not an index of shards: fetch it again",
                                      problem.what()));
  }
}

}  // namespace

SafetensorsCheckpoint::SafetensorsCheckpoint(std::filesystem::path folder)
    : folder_(std::move(folder)) {}

SafetensorsCheckpoint SafetensorsCheckpoint::open(const std::filesystem::path& folder) {
  if (std::error_code error; !std::filesystem::is_directory(folder, error)) {
    throw FileError(folder, "is not a folder that can be opened; name the folder of a checkpoint");
  }
  SafetensorsCheckpoint checkpoint(folder);
  const std::filesystem::path whole = folder / kWholeFile;
  const std::filesystem::path index = folder / kIndexFile;
  if (is_there(whole)) {
    checkpoint.add_whole_file(whole);
  } else if (is_there(index)) {
    for (const auto& shard : load_index(index)) checkpoint.add_shard(index, shard);
  } else {
    throw FileError(folder, fmt::format("has neither {} nor {}; name the folder that a checkpoint "
                                        "was downloaded to",
                                        kWholeFile, kIndexFile));
  }
  return checkpoint;
}

void SafetensorsCheckpoint::add_whole_file(const std::filesystem::path& path) {
  const SafetensorsFile& file = files_.emplace_back(SafetensorsFile::open(path));
  for (const TensorInfo& tensor : file.tensors()) places_.emplace(tensor.name, Place{0, &tensor});
}

void SafetensorsCheckpoint::add_shard(const std::filesystem::path& index,
                                      const ShardContents::value_type& shard) {
  const auto& [name, tensors] = shard;
  if (!is_there(folder_ / name)) {
    throw FileError(
        index, fmt::format("the shard {} is not in the folder; fetch it as well", in_quotes(name)));
  }
  const SafetensorsFile& file = files_.emplace_back(SafetensorsFile::open(folder_ / name));
  // A thousand names can lead to one file, and each would be kept.
  tensors_held_ += file.tensors().size();
  if (tensors_held_ > kMostTensors) {
    throw FileError(index, fmt::format("its shards up to {} hold more than {} tensors; fetch index "
                                       "and shards of the same version",
                                       in_quotes(name), kMostTensors));
  }
  for (const std::string& tensor : tensors) {
    const TensorInfo* found = file.find(tensor);
    if (found == nullptr) {
      throw FileError(index, fmt::format("the tensor {} is not in its shard {}; fetch index and "
                                         "shards of the same version",
                                         in_quotes(tensor), in_quotes(name)));
    }
    places_.emplace(tensor, Place{files_.size() - 1, found});
  }
}

std::vector<std::string> SafetensorsCheckpoint::names() const {
  std::vector<std::string> names;
  names.reserve(places_.size());
  for (const auto& [name, place] : places_) names.push_back(name);
  return names;
}

const TensorInfo* SafetensorsCheckpoint::find(std::string_view name) const {
  const auto found = places_.find(name);
  return found == places_.end() ? nullptr : found->second.tensor;
}

const SafetensorsCheckpoint::Place& SafetensorsCheckpoint::require(std::string_view name) const {
  const auto found = places_.find(name);
  if (found != places_.end()) return found->second;
  throw FileError(folder_,
                  fmt::format("has no tensor {}; check that the checkpoint belongs to this "
                              "architecture",
                              in_quotes(name)));
}

std::vector<float> SafetensorsCheckpoint::read_floats(std::string_view name) const {
  const Place& place = require(name);
  return files_[place.file].read_floats(*place.tensor);
}

std::vector<float> SafetensorsCheckpoint::read_floats(std::string_view name, std::int64_t first,
                                                      std::int64_t count) const {
  const Place& place = require(name);
  return files_[place.file].read_floats(*place.tensor, first, count);
}

std::vector<std::int64_t> SafetensorsCheckpoint::read_integers(std::string_view name) const {
  const Place& place = require(name);
  return files_[place.file].read_integers(*place.tensor);
}

}  // namespace llmarch
