// Measured rows: the CSV files of a folder of measurements, and how far each row lies above its
// floor. What a row's work is is known by operators.cc, collectives.cc and serving.cc.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "sim/cost/roofline.h"
#include "sim/hardware/hardware.h"

namespace llmarch::measured {

// A time in milliseconds is so many seconds.
inline constexpr double kMilliseconds = 1e-3;

// One line of a CSV file without quotes: values by the names of its columns.
class Row {
 public:
  explicit Row(std::map<std::string, std::string> values) : values_(std::move(values)) {}
  // Throws std::out_of_range for a column that is not there.
  [[nodiscard]] const std::string& text(const std::string& column) const {
    return values_.at(column);
  }
  // 0 where it is empty.
  [[nodiscard]] std::int64_t number(const std::string& column) const;
  [[nodiscard]] double real(const std::string& column) const;

 private:
  std::map<std::string, std::string> values_;
};

// Throws std::runtime_error where the file cannot be read.
std::vector<Row> rows_of(const std::filesystem::path& file);

// What a row was measured to take, and the least that it can.
struct Held {
  std::string kind;  // "gemm", "decode at one device"
  std::string gpu;
  std::string what;  // the row, for those below their floor
  Floor floor;
  double seconds = 0;
  std::int64_t bytes = 0;  // that have to come from memory
  [[nodiscard]] double over() const { return seconds / floor.seconds; }
};

// Whether a row is below its floor because repeats of the measurement find as much of its bytes in
// the GPU's L2 cache as that holds: only arithmetic and the rest of the bytes bound it then.
bool may_be_cached(const Held& held);

struct Holding {
  std::vector<Held> rows;
  std::map<std::string, std::int64_t> left_out;  // by reason
};

// The machine that the measurements call `gpu`. Throws std::out_of_range.
const Hardware& machine_called(const std::string& gpu);

void hold_operators(const std::filesystem::path& folder, Holding& holding);
void hold_collectives(const std::filesystem::path& folder, Holding& holding);
void hold_serving(const std::filesystem::path& folder, Holding& holding);

}  // namespace llmarch::measured
