// Random mixers and feed-forwards, with every option that the format has; random_spec.h makes whole
// models of them.
#pragma once

#include "sim/spec/arch_spec.h"

namespace llmarch {

Mixer draw_grouped();
Mixer draw_latent();
Mixer draw_convolution();
Mixer draw_delta_net();
Mixer draw_lightning();
Mixer draw_kimi_delta();
Mixer draw_mamba2();
Mixer draw_mamba1();
Mixer draw_compressed();
FeedForward draw_dense();
FeedForward draw_mixture();

}  // namespace llmarch
