// Collectives among the GPUs of one system, of messages of at least 1 MiB, where links and not
// launches set the time. Sizes are elements: a size in one byte takes as long as half of it in two.
#include <fmt/format.h>

#include <algorithm>

#include "tests/measured/rows.h"

namespace llmarch::measured {
namespace {

constexpr std::int64_t kLeast = std::int64_t{1} << 20;

std::int64_t element_bytes(const std::string& dtype) {
  static const std::map<std::string, std::int64_t> bytes{{"int8", 1}, {"half", 2}, {"bfloat16", 2}};
  return bytes.at(dtype);
}

// "1 to 8 MiB"
std::string size_range(std::int64_t bytes) {
  std::int64_t from = kLeast;
  while (bytes >= 8 * from) from *= 8;
  return fmt::format("{} to {} MiB", from / kLeast, 8 * from / kLeast);
}

// What each rank sends at least in a sum, as a share of the message: twice what it does not keep,
// or the whole once and its own part of the sum where a switch adds up (NVLink SHARP).
double share_of_sum(double ranks) {
  return std::min(2 * (ranks - 1) / ranks, (ranks + 1) / ranks);
}
// In any other collective it sends what is not its own.
double share_of_others(double ranks) {
  return (ranks - 1) / ranks;
}

template <class Share>
void hold(const Row& row, const char* kind, const char* dtype, const Share& share,
          Holding& holding) {
  const std::int64_t bytes = row.number("message_size") * element_bytes(row.text(dtype));
  if (bytes < kLeast) {
    ++holding.left_out[fmt::format("{} of less than 1 MiB", kind)];
    return;
  }
  const auto& link = machine_called(row.text("gpu")).link.value();
  const double ranks = row.real("num_gpus");
  Floor floor;
  floor.seconds = static_cast<double>(bytes) * share(ranks) / link.bytes_per_second;
  holding.rows.push_back({fmt::format("{}, {}", kind, size_range(bytes)), row.text("gpu"),
                          fmt::format("{} bytes among {}", bytes, row.text("num_gpus")), floor,
                          row.real("latency_ms") * kMilliseconds, 0});
}

}  // namespace

// The rows of NCCL do not say which collective they are of, so that all are held to the least.
void hold_collectives(const std::filesystem::path& folder, Holding& holding) {
  for (const Row& row : rows_of(folder / "nccl.csv")) {
    hold(row, "a collective of NCCL", "nccl_dtype", share_of_others, holding);
  }
  for (const Row& row : rows_of(folder / "custom_allreduce.csv")) {
    hold(row, "an all-reduce of vLLM", "allreduce_dtype", share_of_sum, holding);
  }
}

}  // namespace llmarch::measured
