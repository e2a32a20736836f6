#include "kernels/bench/onednn_product.h"

#include <omp.h>

#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

namespace llmarch::bench {

using dnnl::memory;

struct OnednnProduct::State {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  dnnl::matmul matmul;
  std::unordered_map<int, memory> arguments;
};

namespace {

// The library's choice of a kernel. Since its version 3 operations have no descriptions of their
// own.
dnnl::matmul::primitive_desc choose(const dnnl::engine& engine, const memory::desc& in,
                                    const memory::desc& weights, const memory::desc& out) {
#if DNNL_VERSION_MAJOR >= 3
  return {engine, in, weights, out};
#else
  return {dnnl::matmul::desc(in, weights, out), engine};
#endif
}

}  // namespace

OnednnProduct::OnednnProduct(fast::Stored stored, std::size_t rows, std::size_t outputs,
                             std::size_t inputs, std::size_t threads)
    : state_(std::make_unique<State>()) {
  omp_set_num_threads(static_cast<int>(threads));
  const auto type = stored == fast::Stored::f32 ? memory::data_type::f32 : memory::data_type::bf16;
  const auto m = static_cast<memory::dim>(rows);
  const auto n = static_cast<memory::dim>(outputs);
  const auto k = static_cast<memory::dim>(inputs);
  const memory::desc in({m, k}, type, memory::format_tag::ab);
  const memory::desc weights({k, n}, type, memory::format_tag::any);
  const memory::desc out({m, n}, memory::data_type::f32, memory::format_tag::ab);
  const dnnl::matmul::primitive_desc chosen = choose(state_->engine, in, weights, out);
  state_->matmul = dnnl::matmul(chosen);
  memory in_memory(in, state_->engine);
  memory plain({{k, n}, memory::data_type::f32, memory::format_tag::ba}, state_->engine);
  memory packed(chosen.weights_desc(), state_->engine);
  auto* const element = static_cast<float*>(plain.get_data_handle());
  for (std::size_t i = 0; i < outputs * inputs; ++i) {
    element[i] = static_cast<float>(i * 2654435761U % 1024) / 1024 - 0.5F;
  }
  dnnl::reorder(plain, packed).execute(state_->stream, plain, packed);
  state_->arguments = {{DNNL_ARG_SRC, in_memory},
                       {DNNL_ARG_WEIGHTS, packed},
                       {DNNL_ARG_DST, memory(out, state_->engine)}};
  state_->stream.wait();
}

OnednnProduct::~OnednnProduct() = default;

void OnednnProduct::run() {
  state_->matmul.execute(state_->stream, state_->arguments);
  state_->stream.wait();
}

}  // namespace llmarch::bench
