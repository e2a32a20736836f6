// What-ifs: a spec with some of its keys changed, as the command line says it. The keys are those
// of a spec's file; what comes of it is checked as a spec.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/spec/arch_spec.h"
#include "sim/toml/spec_load.h"

namespace llmarch {

// Each change is "attention.local.window=512" (a whole number may be written 1k or 1M, and nothing
// after the sign takes the key out), or one of these, which stand for the usual ones:
//   gqa=8         key/value heads of every grouped attention
//   mla=512       latent attention with that latent in the place of every grouped attention: as
//                 many heads of the same width, and half as much again rotated; no windows
//   window=1k     a window in every grouped attention; window= takes the windows out
//   window=1k:3   a window in three layers of four, counted from the first; the others have none
//   layers=40     layers, where all have the same pattern
//   experts=64:4  routed experts of every mixture, and how many a token runs
// Without a spec there is at least one problem; problems have no places.
SpecLoad change_spec(const ArchSpec& base, const std::vector<std::string>& changes);

}  // namespace llmarch
