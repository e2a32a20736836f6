// Measured rows: the CSV files of a folder of measurements, how far each row lies above its floor,
// and what estimates are fitted to and judged by. What a row's work is is known by operators.cc,
// collectives.cc and serving.cc.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/cost/estimate.h"
#include "sim/cost/roofline.h"
#include "sim/hardware/hardware.h"
#include "sim/hardware/measured.h"
#include "sim/study/mix.h"

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

// Whether a row may be fitted to, or is kept to judge by.
enum class Part { fit, judge };

// One operation, as an estimate sees it.
struct TimedRow {
  std::string gpu;
  TimedOperation operation;
  std::string format;  // as the measurements call it
  LaunchWork work;
  double seconds = 0;
  Part part;
};

// One served point of one device, or of the ranks of a deployment, in the figures of one of these.
struct ServedRow {
  std::string id, model, gpu, engine;
  std::int64_t prompt = 0, output = 0;
  std::int64_t running = 0;  // sequences at a time: those asked for, or as many as the memory holds
  std::int64_t running_of_all = 0;  // likewise, of all ranks
  double decode = 0;                // seconds: the estimate of a step of them
  double prefill = 0;               // and of the prefill of one prompt
  double exchange = 0;   // seconds that the links of a rank are busy in such a step, at least
  double exchanges = 0;  // and how many exchanges it has
  double prefill_exchange = 0;  // seconds, likewise in the prefill
  double seconds = 0;           // a token, as it was measured
  double first = 0;             // and the first one
  bool waits = false;           // whether fewer sequences run than are asked for
  Part part = Part::fit;
  [[nodiscard]] MixSteps steps() const {
    return {decode, prefill, static_cast<double>(running), static_cast<double>(output)};
  }
};

struct Holding {
  std::vector<Held> rows;
  std::vector<TimedRow> timed;
  std::map<std::string, std::int64_t> left_out;  // by reason
};

// How the measurements name stored formats.
struct MeasuredFormat {
  std::string name;
  std::int64_t bits;                // of a stored number without its scales
  DType arithmetic;                 // of products
  std::vector<std::string> stored;  // the storage formats that it stands for
};
// Throws std::out_of_range.
const MeasuredFormat& format_called(const std::string& name);

// The machine that the measurements call `gpu`. Throws std::out_of_range.
const Hardware& machine_called(const std::string& gpu);
// Those of its family, by name; the first was measured. Empty where none of its operations were.
const std::vector<std::string>& machines_like(const std::string& gpu);

void hold_operators(const std::filesystem::path& folder, Holding& holding);
void hold_collectives(const std::filesystem::path& folder, Holding& holding);
void hold_serving(const std::filesystem::path& folder, Holding& holding);
// The served points of one device, where operations were measured on its chip.
std::vector<ServedRow> served_rows(const std::filesystem::path& folder,
                                   const std::vector<MachineTimes>& machines);
// Those of several, where this program knows the deployment; of others it says why not.
std::vector<ServedRow> served_rows_of_ranks(const std::filesystem::path& folder,
                                            const std::vector<MachineTimes>& machines,
                                            std::map<std::string, std::int64_t>& left_out);

}  // namespace llmarch::measured
