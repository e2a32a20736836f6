// Every field of a hardware file, stated once: its key, its member, its bounds and its meaning. The
// loader, the unknown-key check and the writer visit these declarations, as those of a spec do
// theirs (fields.h).
#pragma once

#include "sim/hardware/hardware.h"
#include "sim/spec/fields.h"

namespace llmarch {

inline constexpr Range kMemory{1, std::int64_t{1} << 60};
inline constexpr RealRange kPerSecond{0, 1e18};
inline constexpr RealRange kLatency{0, 1};
inline constexpr Range kDevices{1, 1'000'000};

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<MemoryCapacity> auto& memory) {
  visit(Field{"bytes", "of the memory that weights, cache and activations have to fit in"},
        memory.bytes, kMemory);
  visit(Field{"source", "where this figure stands"}, memory.source);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<ReadBandwidth> auto& bandwidth) {
  visit(Field{"bytes_per_second", "at which that memory is read"}, bandwidth.bytes_per_second,
        kPerSecond);
  visit(Field{"source", "where this figure stands"}, bandwidth.source);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<PeakRate> auto& rate) {
  visit(Field{"flops_per_second",
              "of dense matrix products, a multiply and an add counted as two; not the figure for "
              "sparse ones"},
        rate.flops_per_second, kPerSecond);
  visit(Field{"source", "where this figure stands"}, rate.source);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<PeakRates> auto& peak) {
  visit(Field{"f32", "operands in f32 itself, not tf32"}, peak.f32);
  visit(Field{"bf16", "operands in bf16"}, peak.bf16);
  visit(Field{"f16", "operands in f16"}, peak.f16);
  visit(Field{"fp8", "operands in fp8"}, peak.fp8);
  visit(Field{"int8", "operands in int8"}, peak.int8);
  visit(Field{"int4", "operands in int4"}, peak.int4);
  visit(Field{"fp4", "operands in e2m1 with scales by 16 or 32"}, peak.fp4);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Link> auto& link) {
  visit(Field{"bytes_per_second",
              "that a device sends, through all of its links together; in one direction"},
        link.bytes_per_second, kPerSecond);
  visit(Field{"latency_seconds", "of the shortest message; left out: not stated"},
        link.latency_seconds, kLatency);
  visit(Field{"source", "where these figures stand"}, link.source);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<LargestSystem> auto& system) {
  visit(Field{"name", "what a system of that many devices may be called on the command line"},
        system.name);
  visit(Field{"devices", "the most that the link joins"}, system.devices, kDevices);
  visit(Field{"source", "where this figure stands"}, system.source);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Hardware> auto& hardware) {
  visit(Field{"name", "the name used on the command line; the file is called NAME.toml"},
        hardware.name);
  visit(Field{"aliases", "what else the machine may be called there"}, hardware.aliases);
  visit(Field{"title", "the name as its makers write it"}, hardware.title);
  visit(Field{"host", "the machine whose memory `--place` means where no `--host` is given"},
        hardware.host);
  visit(Field{"memory", "how much there is"}, hardware.memory);
  visit(Field{"bandwidth", "how fast it is read"}, hardware.bandwidth);
  visit(Field{"peak",
              "how fast matrices are multiplied, by the format of the operands; empty where the "
              "makers state nothing"},
        hardware.peak);
  visit(Field{"link", "what joins the devices of a system"}, hardware.link);
  visit(Field{"fabric", "what joins systems"}, hardware.fabric);
  visit(Field{"system", "how many devices the link joins; left out: any number"}, hardware.system);
  visit(Field{"host_link", "what joins a device to the memory of a host"}, hardware.host_link);
}

}  // namespace llmarch
