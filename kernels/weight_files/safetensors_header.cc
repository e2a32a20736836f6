#include "kernels/weight_files/safetensors_header.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <limits>
#include <tuple>
#include <utility>

#include "kernels/weight_files/strict_json.h"
#include "sim/units.h"

namespace llmarch {
namespace {

// The deepest tensors of published models have 5 dimensions.
constexpr std::size_t kMostDimensions = 16;

constexpr std::string_view kMetadata = "__metadata__";

struct Dtype {
  std::string_view name;
  int bytes;
};
constexpr std::array kDtypes{
    Dtype{"BOOL", 1}, Dtype{"U8", 1},  Dtype{"I8", 1},  Dtype{"F8_E4M3", 1}, Dtype{"F8_E5M2", 1},
    Dtype{"I16", 2},  Dtype{"U16", 2}, Dtype{"F16", 2}, Dtype{"BF16", 2},    Dtype{"I32", 4},
    Dtype{"U32", 4},  Dtype{"F32", 4}, Dtype{"I64", 8}, Dtype{"U64", 8},     Dtype{"F64", 8},
};

// Throws when two names are equal. Sorts them: hashed names can be chosen to share one bucket.
void refuse_repeats(std::vector<std::string_view> names, std::string_view what) {
  std::sort(names.begin(), names.end());
  const auto repeat = std::adjacent_find(names.begin(), names.end());
  if (repeat != names.end()) reject("{} {} appears twice", what, in_quotes(*repeat));
}

// Zeros are left out of the product: whether a shape is too large must not hang on their place.
std::uint64_t bytes_of(const TensorInfo& tensor, const Dtype& dtype) {
  const auto zero = std::find(tensor.shape.begin(), tensor.shape.end(), 0);
  try {
    Integer bytes = dtype.bytes;
    for (const std::int64_t extent : tensor.shape) bytes *= extent == 0 ? 1 : extent;
    return zero == tensor.shape.end() ? static_cast<std::uint64_t>(bytes.value()) : 0;
  } catch (const Overflow&) {
    reject("tensor {}: the size of its shape does not fit in 64 bits", in_quotes(tensor.name));
  }
}

// What one tensor says, held against itself and against the data's size.
void check_tensor(const TensorInfo& tensor, std::uint64_t data_size) {
  const std::string name = in_quotes(tensor.name);
  const auto* dtype = std::find_if(std::begin(kDtypes), std::end(kDtypes),
                                   [&](const Dtype& known) { return known.name == tensor.dtype; });
  if (dtype == std::end(kDtypes)) {
    reject("tensor {}: its dtype {} is not known", name, in_quotes(tensor.dtype));
  }
  if (tensor.end < tensor.begin) {
    reject("tensor {}: its data ends at {}, before it begins at {}", name, tensor.end,
           tensor.begin);
  }
  if (tensor.end > data_size) {
    reject("tensor {}: its data ends at {}, past the {} bytes of data in the file", name,
           tensor.end, data_size);
  }
  if (const std::uint64_t bytes = bytes_of(tensor, *dtype); tensor.end - tensor.begin != bytes) {
    reject("tensor {}: its data has {} bytes, but its dtype and shape need {}", name,
           tensor.end - tensor.begin, bytes);
  }
}

// The format wants every byte of data to belong to exactly one tensor: bytes that no tensor names
// could hide something, bytes of two tensors could be two things at once.
void check_layout(const std::vector<TensorInfo>& in_order, std::uint64_t data_size) {
  std::uint64_t covered = 0;
  for (const TensorInfo& tensor : in_order) {
    if (tensor.begin < covered) {
      reject("tensor {}: its data begins at {}, inside the tensor before it, which ends at {}",
             in_quotes(tensor.name), tensor.begin, covered);
    }
    if (tensor.begin > covered) {
      reject("tensor {}: its data begins at {}, but the bytes from {} on belong to no tensor",
             in_quotes(tensor.name), tensor.begin, covered);
    }
    covered = tensor.end;
  }
  if (covered < data_size) {
    reject("the last {} bytes of data belong to no tensor", data_size - covered);
  }
}

// Which of an entry's three keys; the order is that of kFields.
enum class Field { dtype, shape, data_offsets };
constexpr std::string_view kFields[]{"dtype", "shape", "data_offsets"};

// Follows the header down its three levels: names, an entry's keys, an entry's arrays. There is no
// fourth, so whatever is nested deeper is unexpected where it opens.
class HeaderListener : public JsonListener {
 public:
  void open(Bracket bracket) override {
    const bool object = bracket == Bracket::object;
    if (place_ == Place::outside) {
      place_ = Place::names;  // walk_json_object has seen to it that this is an object
    } else if (place_ == Place::names && object) {
      open_entry();
    } else if (place_ == Place::entry && !object && field_ != Field::dtype) {
      place_ = Place::numbers;
    } else {
      unexpected(object ? "an object" : "an array");
    }
  }

  void close() override {
    if (place_ == Place::numbers) {
      place_ = Place::entry;
    } else {
      if (place_ == Place::entry) finish_entry();
      place_ = Place::names;
    }
  }

  void key(std::string name) override {
    if (place_ == Place::names) {
      tensor_ = TensorInfo{};
      tensor_.name = std::move(name);
    } else if (place_ == Place::metadata) {
      add_within_limit(metadata_keys_, std::move(name), "entries in __metadata__");
    } else {
      open_field(name);
    }
  }

  void text(std::string value) override {
    if (place_ == Place::metadata) return;
    if (place_ != Place::entry || field_ != Field::dtype) unexpected("a string");
    tensor_.dtype = std::move(value);
  }

  void number(std::uint64_t value) override {
    if (place_ != Place::numbers) unexpected("a number");
    field_ == Field::shape ? add_extent(value) : add_offset(value);
  }

  void other(std::string_view description) override { unexpected(description); }

  // The entries as they stood in the header, each complete and none named twice.
  std::vector<TensorInfo> finish() && {
    refuse_repeats({metadata_keys_.begin(), metadata_keys_.end()}, "the metadata key");
    std::vector<std::string_view> names;
    for (const TensorInfo& tensor : tensors_) names.push_back(tensor.name);
    refuse_repeats(std::move(names), "the tensor");
    return std::move(tensors_);
  }

 private:
  enum class Place { outside, names, metadata, entry, numbers };

  template <typename Item>
  static void add_within_limit(std::vector<Item>& items, Item item, std::string_view what) {
    if (items.size() == kMostTensors) reject("it has more than {} {}", kMostTensors, what);
    items.push_back(std::move(item));
  }

  void open_entry() {
    seen_ = {};
    offsets_.clear();
    place_ = tensor_.name == kMetadata ? Place::metadata : Place::entry;
    if (place_ == Place::entry) return;
    if (has_metadata_) reject("the key '{}' appears twice", kMetadata);
    has_metadata_ = true;
  }

  void open_field(std::string_view name) {
    const auto* known = std::find(std::begin(kFields), std::end(kFields), name);
    if (known == std::end(kFields)) {
      reject("tensor {}: its key {} is not known", in_quotes(tensor_.name), in_quotes(name));
    }
    const auto index = static_cast<std::size_t>(known - std::begin(kFields));
    if (std::exchange(seen_[index], true)) {
      reject("tensor {}: its key '{}' appears twice", in_quotes(tensor_.name), name);
    }
    field_ = static_cast<Field>(index);
  }

  void add_extent(std::uint64_t value) {
    if (tensor_.shape.size() == kMostDimensions) {
      reject("tensor {}: it has more than {} dimensions", in_quotes(tensor_.name), kMostDimensions);
    }
    if (value > std::numeric_limits<std::int64_t>::max()) {
      reject("tensor {}: its dimension {} is too large", in_quotes(tensor_.name), value);
    }
    tensor_.shape.push_back(static_cast<std::int64_t>(value));
  }

  void add_offset(std::uint64_t value) {
    if (offsets_.size() == 2) refuse_offsets();
    offsets_.push_back(value);
  }

  [[noreturn]] void refuse_offsets() const {
    reject("tensor {}: its data_offsets must be two numbers", in_quotes(tensor_.name));
  }

  void finish_entry() {
    const auto* const missing = std::find(seen_.begin(), seen_.end(), false);
    if (missing != seen_.end()) {
      reject("tensor {}: its key '{}' is missing", in_quotes(tensor_.name),
             kFields[static_cast<std::size_t>(missing - seen_.begin())]);
    }
    if (offsets_.size() != 2) refuse_offsets();
    tensor_.begin = offsets_[0];
    tensor_.end = offsets_[1];
    add_within_limit(tensors_, std::move(tensor_), "tensors");
  }

  [[noreturn]] void unexpected(std::string_view found) const {
    reject("{}, not {}", expected(), found);
  }

  [[nodiscard]] std::string expected() const {
    const std::string name = in_quotes(tensor_.name);
    if (place_ == Place::names) return fmt::format("the value of {} must be an object", name);
    if (place_ == Place::metadata) {
      return fmt::format("the metadata of {} must be a string", in_quotes(metadata_keys_.back()));
    }
    const std::string_view field = kFields[static_cast<std::size_t>(field_)];
    const std::string_view kind = place_ == Place::numbers ? "hold whole numbers from 0 on"
                                  : field_ == Field::dtype ? "be a string"
                                                           : "be an array";
    return fmt::format("tensor {}: its {} must {}", name, field, kind);
  }

  Place place_ = Place::outside;
  Field field_ = Field::dtype;
  TensorInfo tensor_;  // the entry being heard
  std::vector<std::uint64_t> offsets_;
  std::array<bool, std::size(kFields)> seen_{};
  bool has_metadata_ = false;
  std::vector<std::string> metadata_keys_;
  std::vector<TensorInfo> tensors_;
};

}  // namespace

std::vector<TensorInfo> parse_safetensors_header(std::string_view json, std::uint64_t data_size) {
  HeaderListener listener;
  walk_json_object(json, listener);
  std::vector<TensorInfo> tensors = std::move(listener).finish();
  for (const TensorInfo& tensor : tensors) check_tensor(tensor, data_size);
  // An empty tensor shares its offset with the tensor that follows it, and so sorts before that
  // one; empty tensors at one offset keep the header's order.
  std::stable_sort(tensors.begin(), tensors.end(), [](const TensorInfo& a, const TensorInfo& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  check_layout(tensors, data_size);
  return tensors;
}

}  // namespace llmarch
