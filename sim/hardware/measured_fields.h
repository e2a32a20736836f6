// Every field of a file of measurements, stated once: its key, its member, its bounds and its
// meaning. The loader and the writer visit these declarations.
#pragma once

#include "sim/hardware/hardware_fields.h"
#include "sim/hardware/measured.h"

namespace llmarch {

inline constexpr RealRange kTimes{0, 1e6};
inline constexpr RealRange kFactorOfFloor{-1, 1e6};  // 0 where a side makes no difference
inline constexpr RealRange kSeconds{0, 1e6};
inline constexpr Range kRowCount{0, std::int64_t{1} << 40};

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<RelativeSpread> auto& spread) {
  visit(Field{"p10", "measured over fitted: a tenth of the rows are below"}, spread.p10, kTimes);
  visit(Field{"median", "half of them are below"}, spread.median, kTimes);
  visit(Field{"p90", "nine tenths of them are below"}, spread.p90, kTimes);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<OperationTimes> auto& times) {
  visit(Field{"operation", "the kind of operation"}, times.operation);
  visit(Field{"kernels", "what the measurements call their format"}, times.kernels);
  visit(Field{"formats", "in which its weights or its cache are stored"}, times.formats);
  visit(Field{"arithmetic", "the format whose peak its arithmetic is held against"},
        times.arithmetic);
  visit(Field{"rows", "that the factors are fitted to"}, times.rows, kRowCount);
  visit(Field{"launch_seconds", "what the smallest take"}, times.launch_seconds, kSeconds);
  visit(Field{"memory_factor", "times the floor of its weights and cache"}, times.memory_factor,
        kFactorOfFloor);
  visit(Field{"rows_factor", "times the floor of the rows that it reads and writes"},
        times.rows_factor, kFactorOfFloor);
  visit(Field{"arithmetic_factor", "times the floor of its arithmetic"}, times.arithmetic_factor,
        kFactorOfFloor);
  visit(Field{"joint", "the exponent of the sum of launch, memory and arithmetic"}, times.joint,
        kTimes);
  visit(Field{"up_to_seconds", "sizes: operations that are fitted to take up to so long"},
        times.up_to_seconds, kSeconds);
  visit(Field{"p10", "of each size, measured over fitted: a tenth of the rows are below"},
        times.p10, kTimes);
  visit(Field{"median", "half of them are below"}, times.median, kTimes);
  visit(Field{"p90", "nine tenths of them are below"}, times.p90, kTimes);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<MachineTimes> auto& times) {
  visit(Field{"source", "where the measured times stand"}, times.source);
  visit(Field{"measured", "the machine that was measured"}, times.measured);
  visit(Field{"machines", "those of its family, which are taken to have its factors"},
        times.machines);
  visit(Field{"operation", "its operations"}, times.operation);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<EngineTimes> auto& times) {
  visit(Field{"source", "where the measured times stand"}, times.source);
  visit(Field{"engine", "its name"}, times.engine);
  visit(Field{"rows", "that the factors are fitted to"}, times.rows, kRowCount);
  visit(Field{"decode_factor", "times the estimate of a decode step"}, times.decode_factor,
        kFactorOfFloor);
  visit(Field{"prefill_factor", "times the estimate of the prefills between two of them"},
        times.prefill_factor, kFactorOfFloor);
  visit(Field{"spread", "of the times of a token"}, times.spread);
  visit(Field{"first_prefill_factor", "for the first token, times the estimate of a prefill"},
        times.first_prefill_factor, kFactorOfFloor);
  visit(Field{"first_decode_factor", "times that of a decode step"}, times.first_decode_factor,
        kFactorOfFloor);
  visit(Field{"first_others_factor", "times those of the prefills of all that run"},
        times.first_others_factor, kFactorOfFloor);
  visit(Field{"first_spread", "of the times to the first token"}, times.first_spread);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Judged> auto& judged) {
  visit(Field{"rows", "that nothing was fitted to"}, judged.rows, kRowCount);
  visit(Field{"median", "of the absolute relative errors"}, judged.median, kFactorOfFloor);
  visit(Field{"nine_in_ten", "of them are at most this"}, judged.nine_in_ten, kFactorOfFloor);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Measurements> auto& measurements) {
  visit(Field{"below_floor", "rows below their floor for which no reason is known"},
        measurements.below_floor, kRowCount);
  visit(Field{"operations", "errors of single operations"}, measurements.operations);
  visit(Field{"served", "errors of the time of a token on one device"}, measurements.served);
  visit(Field{"served_without_model", "the same where the fit leaves out each row's model"},
        measurements.served_without_model);
  visit(Field{"machine", "machines, by chip"}, measurements.machine);
  visit(Field{"engine", "engines"}, measurements.engine);
}

}  // namespace llmarch
