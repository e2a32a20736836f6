// What operations were measured to take on machines, and what engines take beside them: fitted
// coefficients with their spread and their source, as plain values. How a file holds them is known
// by measured_fields.h and measured_file.h, what they make of an operation by sim/cost/estimate.h,
// and how they are fitted by tests/measured.
#pragma once

#include <string>
#include <vector>

#include "sim/dtype.h"
#include "sim/spec/names.h"
#include "sim/units.h"

namespace llmarch {

// The kinds of operations that are measured one by one. Those of a mixer with a fixed state are
// two, since a prefill runs them by chunks.
enum class TimedOperation {
  product,  // of rows and one matrix: projections, a router, a head
  experts,  // all chosen experts of a layer
  prefill_attention,
  decode_attention,
  latent_attention,  // absorbed, in decode
  prefill_convolution,
  decode_convolution,
  prefill_delta_rule,
  decode_delta_rule,
};

template <>
struct Names<TimedOperation> {
  static constexpr auto values =
      each_named<TimedOperation>({{"product", TimedOperation::product},
                                  {"experts", TimedOperation::experts},
                                  {"prefill attention", TimedOperation::prefill_attention},
                                  {"decode attention", TimedOperation::decode_attention},
                                  {"latent attention", TimedOperation::latent_attention},
                                  {"prefill convolution", TimedOperation::prefill_convolution},
                                  {"decode convolution", TimedOperation::decode_convolution},
                                  {"prefill delta rule", TimedOperation::prefill_delta_rule},
                                  {"decode delta rule", TimedOperation::decode_delta_rule}});
};

template <>
struct Names<DType> {
  static constexpr std::string_view noun = "number format";
  static constexpr std::array values = kDTypes;
};

// Measured times over the fitted ones.
struct RelativeSpread {
  double p10 = 1, median = 1, p90 = 1;
};

// One kind of operation on one class of machines. An operation is fitted to take
//   (launch^j + (memory_factor M + rows_factor R)^j + (arithmetic_factor A)^j)^(1/j)
// with j = `joint`, where M, R and A are the floors of its weights and cache, of the rows that it
// reads and writes, and of its arithmetic. The larger j is, the more of the three overlap.
struct OperationTimes {
  TimedOperation operation;
  std::string kernels;               // what the measurements call their format
  std::vector<std::string> formats;  // in which its weights or its cache are stored
  DType arithmetic;                  // the format whose peak makes A
  Integer rows;                      // that the factors are fitted to
  double launch_seconds = 0;
  double memory_factor = 1;
  double rows_factor = 1;
  double arithmetic_factor = 1;
  double joint = 1;
  // Measured times over the fitted ones, by size: of operations that are fitted to take up to so
  // long, the shortest first; the last stands for all that are longer.
  std::vector<double> up_to_seconds = {}, p10 = {}, median = {}, p90 = {};
};

// Machines whose operations take the same factors of their floors.
struct MachineTimes {
  std::string source;                 // where the measured times stand
  std::string measured;               // the machine that was measured
  std::vector<std::string> machines;  // of its family, itself among them
  std::vector<OperationTimes> operation;
};

// What an engine serves, from the estimates of its steps. With D a decode step of the n sequences
// that run at a time, P the prefill of one prompt, and o the tokens that a request asks for, a
// token takes
//   decode_factor D + prefill_factor P n / o,
// since while a request's tokens are made, n other prompts are filled in; and the first token
//   first_prefill_factor P + first_decode_factor D + first_others_factor P n.
struct EngineTimes {
  std::string source;
  std::string engine;
  Integer rows;  // that the factors are fitted to
  double decode_factor = 1;
  double prefill_factor = 1;
  RelativeSpread spread = {};
  double first_prefill_factor = 1;
  double first_decode_factor = 1;
  double first_others_factor = 1;
  RelativeSpread first_spread = {};
};

// How far estimates were off in rows that nothing was fitted to: of the absolute relative errors
// the median and the ninth decile.
struct Judged {
  Integer rows = 0;
  double median = 0;
  double nine_in_ten = 0;
};

struct Measurements {
  Integer below_floor = 0;  // rows below their floor for which no reason is known
  Judged operations = {};
  Judged served = {};
  Judged served_without_model = {};  // where the fit leaves out each row's model
  std::vector<MachineTimes> machine = {};
  std::vector<EngineTimes> engine = {};
};

template <>
struct Names<OperationTimes> {
  static constexpr std::string_view item = "operation";
  static constexpr std::size_t most = 1'000;
};
template <>
struct Names<MachineTimes> {
  static constexpr std::string_view item = "machine";
  static constexpr std::size_t most = 1'000;
};
template <>
struct Names<EngineTimes> {
  static constexpr std::string_view item = "engine";
  static constexpr std::size_t most = 100;
};

}  // namespace llmarch
