#include "sim/graph/lower_parts.h"

namespace llmarch {
namespace {

ValueId multiply(GraphBuilder& build, const std::string& name, ValueId left, ValueId right) {
  return build.make_like(right, name, [&](ValueId out) { return Multiply{left, right, out}; });
}

}  // namespace

// The gated short convolution of LFM2 (transformers, modeling_lfm2.py: Lfm2ShortConv).
ValueId lower_mixer(GraphBuilder& build, const ArchSpec& spec, AttentionCaches&, ValueId x,
                    const ShortConvolution& convolution) {
  build.in(Component::state_mixer, WorkKind::state_mixer);
  const Integer columns = spec.hidden;
  const ValueId b = build.project(x, columns, WeightRole::convolution_input_gate);
  const ValueId c = build.project(x, columns, WeightRole::convolution_output_gate);
  ValueId v = build.project(x, columns, WeightRole::convolution_values);
  v = multiply(build, "apply input gate", b, v);
  v = build.convolve("convolution", v, WeightRole::convolution_taps, convolution.kernel,
                     StateFormat::as_caches);
  v = multiply(build, "apply output gate", c, v);
  return build.project(v, columns, WeightRole::convolution_output);
}

}  // namespace llmarch
