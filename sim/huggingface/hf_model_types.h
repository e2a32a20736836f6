// The Hugging Face model types that are no plain decoders, one function each: what a type's library
// does with the fields of its config. Each names the modelling code that it follows.
#pragma once

#include "sim/huggingface/hf_import.h"

namespace llmarch {

void import_gpt2(Import& import, ArchSpec& spec);
void import_gpt_bigcode(Import& import, ArchSpec& spec);
void import_llama4_text(Import& import, ArchSpec& spec);
void import_gemma3n_text(Import& import, ArchSpec& spec);
void import_lfm2(Import& import, ArchSpec& spec);
void import_lfm2_moe(Import& import, ArchSpec& spec);
void import_gptj(Import& import, ArchSpec& spec);
void import_gpt_neo(Import& import, ArchSpec& spec);
void import_falcon(Import& import, ArchSpec& spec);
void import_cohere2_moe(Import& import, ArchSpec& spec);
void import_gpt_oss(Import& import, ArchSpec& spec);
void import_arcee(Import& import, ArchSpec& spec);
void import_nemotron(Import& import, ArchSpec& spec);
void import_cwm(Import& import, ArchSpec& spec);
void import_apertus(Import& import, ArchSpec& spec);
void import_exaone_moe(Import& import, ArchSpec& spec);
void import_afmoe(Import& import, ArchSpec& spec);
void import_laguna(Import& import, ArchSpec& spec);
void import_mimo_v2_flash(Import& import, ArchSpec& spec);
void import_mimo_v2(Import& import, ArchSpec& spec);
void import_mellum(Import& import, ArchSpec& spec);
void import_sarvam_moe(Import& import, ArchSpec& spec);
void import_step3p5(Import& import, ArchSpec& spec);
void import_gemma4_text(Import& import, ArchSpec& spec);
void import_opt(Import& import, ArchSpec& spec);
void import_bloom(Import& import, ArchSpec& spec);
void import_olmo_hybrid(Import& import, ArchSpec& spec);
void import_minicpm(Import& import, ArchSpec& spec);
void import_baichuan(Import& import, ArchSpec& spec);
void import_minicpm3(Import& import, ArchSpec& spec);
void import_chatglm(Import& import, ArchSpec& spec);
void import_qwen(Import& import, ArchSpec& spec);
void import_nemotron_nas(Import& import, ArchSpec& spec);
void import_mpt(Import& import, ArchSpec& spec);
void import_dbrx(Import& import, ArchSpec& spec);
void import_bamba(Import& import, ArchSpec& spec);
void import_granitemoehybrid(Import& import, ArchSpec& spec);
void import_minimax_m3(Import& import, ArchSpec& spec);
void import_nemotron_h(Import& import, ArchSpec& spec);
void import_minimax(Import& import, ArchSpec& spec);
void import_minimax_m1(Import& import, ArchSpec& spec);
void import_kimi_linear(Import& import, ArchSpec& spec);
void import_mamba2(Import& import, ArchSpec& spec);
void import_falcon_h1(Import& import, ArchSpec& spec);
void import_mamba(Import& import, ArchSpec& spec);
void import_falcon_mamba(Import& import, ArchSpec& spec);
void import_jamba(Import& import, ArchSpec& spec);
void import_longcat_flash(Import& import, ArchSpec& spec);
void import_deepseek_v4(Import& import, ArchSpec& spec);
void import_bailing_hybrid(Import& import, ArchSpec& spec);
void import_muse_glimmer(Import& import, ArchSpec& spec);
void import_hyperclovax(Import& import, ArchSpec& spec);
void import_solar_open2(Import& import, ArchSpec& spec);
void import_grok(Import& import, ArchSpec& spec);

}  // namespace llmarch
